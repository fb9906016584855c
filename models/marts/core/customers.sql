with

    order_lines as (select * from {{ ref('order_lines') }}),

    latest as (
        select
            *,
            row_number() over (
                partition by retailer, customer_id order by ordered_at desc, order_id desc, country
            ) as recency_rank
        from order_lines
    ),

    customers as (
        select
            retailer,
            customer_id,
            max(case when recency_rank = 1 then country end) as country,
            min(ordered_at) as first_ordered_at,
            max(ordered_at) as last_ordered_at,
            count(distinct order_id) as orders,
            count(*) as order_lines,
            {{ total('quantity', dbt.type_bigint()) }} as units,
            {{ total('amount', total_type()) }} as revenue
        from latest
        group by retailer, customer_id
    )

select *
from customers
