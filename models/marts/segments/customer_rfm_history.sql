with

    states as (select * from {{ ref('int_customer_states') }}),

    months as (select * from {{ ref('int_months') }}),

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

    customer_rfm_history as (
        select
            segmented.retailer,
            segmented.customer_id,
            months.month_end,
            months.has_ended as is_complete,
            segmented.snapshot_at,
            segmented.last_ordered_at,
            segmented.recency_days,
            segmented.frequency,
            segmented.monetary,
            segmented.r_score,
            segmented.f_score,
            segmented.m_score,
            segmented.rfm_score,
            segmented.rfm_segment
        from segmented
        inner join
            months
            on segmented.retailer = months.retailer
            and segmented.month_start = months.month_start
    )

select *
from customer_rfm_history
