with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    segment_strategies as (select * from {{ ref('segment_strategies') }}),

    cluster_strategies as (select * from {{ ref('cluster_strategies') }}),

    customer_strategies as (
        select
            customer_rfm.retailer,
            customer_rfm.customer_id,
            customer_clusters.clustering,
            customer_rfm.rfm_segment,
            segment_strategies.rfm_segment_ko,
            segment_strategies.goal_en as segment_goal_en,
            segment_strategies.goal_ko as segment_goal_ko,
            segment_strategies.actions_en as segment_actions_en,
            segment_strategies.actions_ko as segment_actions_ko,
            customer_clusters.cluster_name,
            cluster_strategies.cluster_name_ko,
            cluster_strategies.actions_en as cluster_actions_en,
            cluster_strategies.actions_ko as cluster_actions_ko
        from customer_rfm
        inner join
            customer_clusters
            on customer_rfm.retailer = customer_clusters.retailer
            and customer_rfm.customer_id = customer_clusters.customer_id
        left join segment_strategies on customer_rfm.rfm_segment = segment_strategies.rfm_segment
        left join
            cluster_strategies
            on customer_clusters.clustering = cluster_strategies.clustering
            and customer_clusters.cluster_name = cluster_strategies.cluster_name
    )

select *
from customer_strategies
