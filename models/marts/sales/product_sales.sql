with

    movements as (select * from {{ ref('int_movements') }}),

    products as (select * from {{ ref('products') }}),

    measured as (
        select retailer, product_id, {{ sales_measures() }}
        from movements
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
            measured.returned_units,
            measured.returned_revenue,
            measured.net_units,
            measured.net_revenue,
            measured.return_rate,
            measured.discount,
            measured.costed_revenue,
            measured.margin,
            measured.margin_rate,
            cast(
                row_number() over (
                    partition by measured.retailer
                    order by measured.order_lines desc, measured.product_id
                ) as {{ dbt.type_bigint() }}
            ) as rank_by_lines,
            cast(
                row_number() over (
                    partition by measured.retailer order by measured.units desc, measured.product_id
                ) as {{ dbt.type_bigint() }}
            ) as rank_by_units,
            cast(
                row_number() over (
                    partition by measured.retailer
                    order by measured.revenue desc, measured.product_id
                ) as {{ dbt.type_bigint() }}
            ) as rank_by_revenue
        from measured
        inner join
            products
            on measured.retailer = products.retailer
            and measured.product_id = products.product_id
    )

select *
from product_sales
