{#- The ways purchases are broken down: name, the column that holds the member, and whether products tell it. -#}
{%- set dimensions = {
    'month': ('extract(month from order_lines.ordered_at)', false),
    'weekday': (iso_weekday('order_lines.ordered_on'), false),
    'hour': ('extract(hour from order_lines.ordered_at)', false),
    'category': ('products.category', true),
    'product': ('products.product_name', true),
} -%}

with

    order_lines as {{ inlined() }} (select * from {{ ref('order_lines') }}),

    products as (select * from {{ ref('products') }}),

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    by_order as (
        {% for dimension, (member, of_products) in dimensions.items() %}
            select
                order_lines.retailer,
                order_lines.customer_id,
                order_lines.order_id,
                '{{ dimension }}' as dimension,
                cast({{ member }} as {{ dbt.type_string() }}) as member,
                count(*) as order_lines,
                sum(order_lines.quantity) as units,
                sum(order_lines.amount) as revenue
            from order_lines
            {% if of_products %}
                inner join
                    products
                    on order_lines.retailer = products.retailer
                    and order_lines.product_id = products.product_id
            {% endif %}
            group by
                order_lines.retailer,
                order_lines.customer_id,
                order_lines.order_id,
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
