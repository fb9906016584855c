with

    order_lines as (select * from {{ ref('order_lines') }}),

    demographics as (select * from {{ ref('int_demographics__unioned') }}),

    latest as (
        select
            *,
            row_number() over (
                partition by retailer, customer_id order by ordered_at desc, order_id desc, country
            ) as recency_rank
        from order_lines
    ),

    measured as (
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
    ),

    -- a client listed twice is one client
    described as (
        select retailer, customer_id, min(gender) as gender, min(age_band) as age_band
        from demographics
        group by retailer, customer_id
    ),

    customers as (
        select
            measured.retailer,
            measured.customer_id,
            measured.country,
            coalesce(described.gender, 'unknown') as gender,
            coalesce(described.age_band, 'unknown') as age_band,
            measured.first_ordered_at,
            measured.last_ordered_at,
            measured.orders,
            measured.order_lines,
            measured.units,
            measured.revenue
        from measured
        left join
            described
            on measured.retailer = described.retailer
            and measured.customer_id = described.customer_id
    )

select *
from customers
