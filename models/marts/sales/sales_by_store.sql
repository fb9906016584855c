with

    order_lines as {{ inlined() }} (select * from {{ ref('order_lines') }}),

    with_stores as (select distinct retailer from order_lines where store is not null),

    measured as (
        select
            order_lines.retailer,
            coalesce(order_lines.store, 'unknown') as store,
            {{ sales_measures() }}
        from order_lines
        inner join with_stores on order_lines.retailer = with_stores.retailer
        group by order_lines.retailer, coalesce(order_lines.store, 'unknown')
    ),

    sales_by_store as (
        select
            *,
            {{ share('order_lines', 'sum(order_lines) over retailer_total') }} as order_line_share,
            {{ share('revenue', 'sum(revenue) over retailer_total') }} as revenue_share
        from measured
        window retailer_total as (partition by retailer)
    )

select *
from sales_by_store
