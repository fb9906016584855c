with

    states as (select * from {{ ref('int_customer_states') }}),

    retailers as (select * from {{ ref('retailers') }}),

    rfm_segments as (select * from {{ ref('rfm_segments') }}),

    known as (
        select
            retailer,
            month_start,
            customer_id,
            last_ordered_at,
            order_lines as frequency,
            revenue,
            net_revenue
        from states
    ),

    {{ rfm_scores('known', moment=['retailer', 'month_start']) }},

    int_rfm_history as (
        select
            retailer,
            month_start,
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
from int_rfm_history
