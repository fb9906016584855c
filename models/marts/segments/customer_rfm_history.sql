with

    history as (select * from {{ ref('int_rfm_history') }}),

    months as (select * from {{ ref('int_months') }}),

    clusters as (select * from {{ ref('cluster_history') }}),

    customer_rfm_history as (
        select
            history.retailer,
            history.customer_id,
            months.month_end,
            months.has_ended as is_complete,
            history.snapshot_at,
            history.last_ordered_at,
            history.recency_days,
            history.frequency,
            history.monetary,
            history.r_score,
            history.f_score,
            history.m_score,
            history.rfm_score,
            history.rfm_segment,
            clusters.rfm_cluster,
            clusters.behaviour,
            clusters.consumption,
            clusters.palette_group,
            clusters.palette_is_predicted
        from history
        inner join
            months
            on history.retailer = months.retailer
            and history.month_start = months.month_start
        inner join
            clusters
            on history.retailer = clusters.retailer
            and history.month_start = clusters.month_start
            and history.customer_id = clusters.customer_id
    )

select *
from customer_rfm_history
