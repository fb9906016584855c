with

    movements as (select * from {{ ref('int_movements') }}),

    measured as (
        select retailer, coalesce(country, 'unknown') as country, {{ sales_measures() }}
        from movements
        group by retailer, coalesce(country, 'unknown')
    ),

    sales_by_country as (
        select
            *,
            {{ share('order_lines', 'sum(order_lines) over retailer_total') }} as order_line_share,
            {{ share('revenue', 'sum(revenue) over retailer_total') }} as revenue_share
        from measured
        window retailer_total as (partition by retailer)
    )

select *
from sales_by_country
