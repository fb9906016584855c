with

    movements as (select * from {{ ref('int_movements') }}),

    products as (select * from {{ ref('products') }}),

    lines as (
        select movements.*, products.super_category, products.category
        from movements
        inner join
            products
            on movements.retailer = products.retailer
            and movements.product_id = products.product_id
    ),

    measured as (
        select retailer, super_category, category, {{ sales_measures() }}
        from lines
        group by retailer, super_category, category
    ),

    sales_by_category as (
        select
            *,
            {{ share('order_lines', 'sum(order_lines) over retailer_total') }} as order_line_share,
            {{ share('revenue', 'sum(revenue) over retailer_total') }} as revenue_share
        from measured
        window retailer_total as (partition by retailer)
    )

select *
from sales_by_category
