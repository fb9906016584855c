{% macro preference_classes(level, name) %}
    with

        order_lines as (select * from {{ ref('order_lines') }}),

        products as (select * from {{ ref('products') }}),

        customer_rfm as (select * from {{ ref('customer_rfm') }}),

        customers as (select * from {{ ref('customers') }}),

        retailers as (select * from {{ ref('retailers') }}),

        bought as (
            select
                order_lines.retailer,
                order_lines.customer_id,
                products.{{ level }},
                max(order_lines.ordered_at) as last_ordered_at,
                count(*) as order_lines,
                {{ total('order_lines.quantity', total_type()) }} as units,
                {{ total('order_lines.amount', total_type()) }} as amount
            from order_lines
            inner join
                products
                on order_lines.retailer = products.retailer
                and order_lines.product_id = products.product_id
            group by order_lines.retailer, order_lines.customer_id, products.{{ level }}
        ),

        compared as (
            select
                bought.*,
                {{ recency_days(
                'bought.last_ordered_at', 'customer_rfm.snapshot_at', 'retailers.recency_unit'
            ) }} as recency_days,
                cast(bought.amount as double) / (
                    cast(sum(bought.amount) over buyers as double) / count(*) over buyers
                ) as c_buy_amount,
                {{ share('bought.units', 'customers.units') }} as unit_share
            from bought
            inner join
                customer_rfm
                on bought.retailer = customer_rfm.retailer
                and bought.customer_id = customer_rfm.customer_id
            inner join
                customers
                on bought.retailer = customers.retailer
                and bought.customer_id = customers.customer_id
            inner join retailers on bought.retailer = retailers.retailer
            window buyers as (partition by bought.retailer, bought.{{ level }})
        ),

        {{ name }} as (
            select
                *,
                {{ ninth_class('recency_days desc') }} as r_class,
                {{ ninth_class('order_lines') }} as f_class,
                {{ ninth_class('c_buy_amount') }} as m_class
            from compared
        )

    select *
    from {{ name }}
{% endmacro %}
