with

    orders as (select * from {{ ref('orders') }}),

    latest as (
        select
            *,
            row_number() over (
                partition by retailer, customer_id order by ordered_at desc, order_id desc
            ) as recency_rank
        from orders
    ),

    customers as (
        select
            retailer,
            customer_id,
            max(case when recency_rank = 1 then country end) as country,
            min(ordered_at) as first_ordered_at,
            max(ordered_at) as last_ordered_at,
            count(*) as orders,
            {{ total('order_lines', dbt.type_bigint()) }} as order_lines,
            {{ total('units', dbt.type_bigint()) }} as units,
            {{ total('revenue', total_type()) }} as revenue
        from latest
        group by retailer, customer_id
    )

select *
from customers
