with

    movements as {{ inlined() }} (select * from {{ ref('int_movements') }}),

    with_stores as (select distinct retailer from movements where store is not null),

    measured as (
        select
            movements.retailer,
            coalesce(movements.store, 'unknown') as store,
            {{ sales_measures() }}
        from movements
        inner join with_stores on movements.retailer = with_stores.retailer
        group by movements.retailer, coalesce(movements.store, 'unknown')
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
