with

    order_lines as (select * from {{ ref('order_lines') }}),

    measured as (
        select retailer, coalesce(country, 'unknown') as country, {{ sales_measures() }}
        from order_lines
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
