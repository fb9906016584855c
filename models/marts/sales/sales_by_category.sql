with

    order_lines as (select * from {{ ref('order_lines') }}),

    products as (select * from {{ ref('products') }}),

    lines as (
        select order_lines.*, products.super_category, products.category
        from order_lines
        inner join
            products
            on order_lines.retailer = products.retailer
            and order_lines.product_id = products.product_id
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
