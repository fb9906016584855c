with

    order_lines as (select * from {{ ref('order_lines') }}),

    products as (select * from {{ ref('products') }}),

    measured as (
        select retailer, product_id, {{ sales_measures() }}
        from order_lines
        group by retailer, product_id
    ),

    product_sales as (
        select
            measured.retailer,
            measured.product_id,
            products.product_name,
            products.category,
            measured.orders,
            measured.customers,
            measured.order_lines,
            measured.units,
            measured.revenue,
            row_number() over (
                partition by measured.retailer
                order by measured.order_lines desc, measured.product_id
            ) as rank_by_lines,
            row_number() over (
                partition by measured.retailer order by measured.units desc, measured.product_id
            ) as rank_by_units,
            row_number() over (
                partition by measured.retailer order by measured.revenue desc, measured.product_id
            ) as rank_by_revenue
        from measured
        inner join
            products
            on measured.retailer = products.retailer
            and measured.product_id = products.product_id
    )

select *
from product_sales
