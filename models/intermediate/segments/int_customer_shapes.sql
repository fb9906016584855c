{#- The ways orders are broken down by their time, and lines by what was bought: name, and the member of it. -#}
{%- set times = {
    'month': 'extract(month from coded_lines.ordered_at)',
    'weekday': iso_weekday('coded_lines.ordered_at'),
    'hour': 'extract(hour from coded_lines.ordered_at)',
} -%}
{%- set kinds = {'category': 'products.category', 'product': 'products.product_name'} -%}

with

    coded_lines as {{ inlined() }} (select * from {{ ref('int_coded_lines') }}),

    products as (select * from {{ ref('products') }}),

    product_codes as (select * from {{ ref('int_product_codes') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    -- a product's member of each kind as a number, since names are long
    members as (
        select
            products.retailer,
            product_codes.product_code
            {% for kind, member in kinds.items() %}
                ,
                {{ member }} as {{ kind }},
                cast(
                    dense_rank() over (
                        partition by products.retailer order by {{ member }}
                    ) as {{ dbt.type_int() }}
                ) as {{ kind }}_member
            {% endfor %}
        from products
        inner join
            product_codes
            on products.retailer = product_codes.retailer
            and products.product_id = product_codes.product_id
    ),

    -- few orders have lines of several times
    timed as (
        select
            coded_lines.retailer,
            coded_lines.customer_code,
            coded_lines.order_code,
            {% for time, member in times.items() %}
                cast({{ member }} as {{ dbt.type_int() }}) as {{ time }}_member,
            {% endfor %}
            count(*) as order_lines,
            sum(coded_lines.quantity) as units,
            sum(coded_lines.amount) as revenue
        from coded_lines
        group by
            coded_lines.retailer,
            coded_lines.customer_code,
            coded_lines.order_code
            {% for member in times.values() %}, {{ member }} {% endfor %}
    ),

    {% for kind in kinds %}
        by_{{ kind }} as {{ inlined() }} (
            select
                coded_lines.retailer,
                coded_lines.customer_code,
                coded_lines.order_code,
                members.{{ kind }}_member,
                count(*) as order_lines,
                sum(coded_lines.quantity) as units,
                sum(coded_lines.amount) as revenue
            from coded_lines
            inner join
                members
                on coded_lines.retailer = members.retailer
                and coded_lines.product_code = members.product_code
            group by
                coded_lines.retailer,
                coded_lines.customer_code,
                coded_lines.order_code,
                members.{{ kind }}_member
        ),

        {{ kind }}_names as (
            select retailer, {{ kind }}_member, min({{ kind }}) as {{ kind }}
            from members
            group by retailer, {{ kind }}_member
        ),
    {% endfor %}

    by_member as (
        {% for time in times %}
            select
                timed.retailer,
                timed.customer_code,
                '{{ time }}' as dimension,
                cast(timed.{{ time }}_member as {{ dbt.type_string() }}) as member,
                count(distinct timed.order_code) as orders,
                sum(timed.order_lines) as order_lines,
                sum(timed.units) as units,
                sum(timed.revenue) as revenue
            from timed
            group by timed.retailer, timed.customer_code, timed.{{ time }}_member
            union all
        {% endfor %}
        {% for kind in kinds %}
            select
                by_{{ kind }}.retailer,
                by_{{ kind }}.customer_code,
                '{{ kind }}' as dimension,
                min({{ kind }}_names.{{ kind }}) as member,
                count(*) as orders,
                sum(by_{{ kind }}.order_lines) as order_lines,
                sum(by_{{ kind }}.units) as units,
                sum(by_{{ kind }}.revenue) as revenue
            from by_{{ kind }}
            inner join
                {{ kind }}_names
                on by_{{ kind }}.retailer = {{ kind }}_names.retailer
                and by_{{ kind }}.{{ kind }}_member = {{ kind }}_names.{{ kind }}_member
            group by
                by_{{ kind }}.retailer,
                by_{{ kind }}.customer_code,
                by_{{ kind }}.{{ kind }}_member {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    int_customer_shapes as (
        select
            by_member.retailer,
            customer_codes.customer_id,
            by_member.dimension,
            by_member.member,
            by_member.orders,
            cast(by_member.order_lines as {{ dbt.type_bigint() }}) as order_lines,
            cast(by_member.units as {{ total_type() }}) as units,
            cast(by_member.revenue as {{ total_type() }}) as revenue
        from by_member
        inner join
            customer_codes
            on by_member.retailer = customer_codes.retailer
            and by_member.customer_code = customer_codes.customer_code
        union all
        select
            customers.retailer,
            customers.customer_id,
            'rfm_segment' as dimension,
            customer_rfm.rfm_segment as member,
            customers.orders,
            customers.order_lines,
            customers.units,
            customers.revenue
        from customers
        inner join
            customer_rfm
            on customers.retailer = customer_rfm.retailer
            and customers.customer_id = customer_rfm.customer_id
    )

select *
from int_customer_shapes
