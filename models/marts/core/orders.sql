with

    order_lines as (select * from {{ ref('order_lines') }}),

    matches as (
        select retailer, order_id, sum(units) as returned_units, sum(amount) as returned_revenue
        from {{ ref('int_return_matches') }}
        group by retailer, order_id
    ),

    bought as (
        select
            retailer,
            order_id,
            min(customer_id) as customer_id,
            min(ordered_at) as ordered_at,
            cast(min(ordered_at) as date) as ordered_on,
            min(country) as country,
            min(channel) as channel,
            count(*) as order_lines,
            count(distinct product_id) as products,
            {{ total('quantity', total_type()) }} as units,
            {{ total('amount', total_type()) }} as revenue,
            {{ margin_measures() }}
        from order_lines
        group by retailer, order_id
    ),

    orders as (
        select bought.*, {{ after_returns('bought', 'matches') }}
        from bought
        left join
            matches on bought.retailer = matches.retailer and bought.order_id = matches.order_id
    )

select *
from orders
