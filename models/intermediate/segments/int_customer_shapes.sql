{#- The ways purchases are broken down: name, the column that holds the member, and whether products tell it. -#}
{%- set dimensions = {
    'month': ('extract(month from lines.ordered_at)', false),
    'weekday': (iso_weekday('lines.ordered_on'), false),
    'hour': ('extract(hour from lines.ordered_at)', false),
    'category': ('products.category', true),
    'product': ('products.product_name', true),
} -%}

with

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    -- no imports of the lines: what is read several times would be copied, columns and all
    by_order as (
        {% for dimension, (member, of_products) in dimensions.items() %}
            select
                lines.retailer,
                lines.customer_id,
                lines.order_id,
                '{{ dimension }}' as dimension,
                cast({{ member }} as {{ dbt.type_string() }}) as member,
                count(*) as order_lines,
                sum(lines.quantity) as units,
                sum(lines.amount) as revenue
            from {{ ref('order_lines') }} as lines
            {% if of_products %}
                inner join
                    {{ ref('products') }} as products
                    on lines.retailer = products.retailer
                    and lines.product_id = products.product_id
            {% endif %}
            group by
                lines.retailer,
                lines.customer_id,
                lines.order_id,
                {{ member }} {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    int_customer_shapes as (
        select
            retailer,
            customer_id,
            dimension,
            member,
            count(*) as orders,
            cast(sum(order_lines) as {{ dbt.type_bigint() }}) as order_lines,
            {{ total('units', total_type()) }} as units,
            {{ total('revenue', total_type()) }} as revenue
        from by_order
        group by retailer, customer_id, dimension, member
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
