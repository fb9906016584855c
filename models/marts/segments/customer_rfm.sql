with

    customers as (select * from {{ ref('customers') }}),

    retailers as (select * from {{ ref('retailers') }}),

    rfm_segments as (select * from {{ ref('rfm_segments') }}),

    known as (
        select
            retailer, customer_id, last_ordered_at, order_lines as frequency, revenue, net_revenue
        from customers
    ),

    {{ rfm_scores('known', moment=['retailer']) }},

    customer_rfm as (
        select
            retailer,
            customer_id,
            snapshot_at,
            last_ordered_at,
            recency_days,
            frequency,
            monetary,
            r_score,
            f_score,
            m_score,
            rfm_score,
            rfm_segment
        from segmented
    )

select *
from customer_rfm
