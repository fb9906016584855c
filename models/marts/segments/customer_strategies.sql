with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    segment_strategies as (select * from {{ ref('segment_strategies') }}),

    cluster_strategies as (select * from {{ ref('cluster_strategies') }}),

    spells as (select * from {{ ref('int_customer_spells') }}),

    advised as (
        select
            retailer,
            customer_id,
            grouping_name,
            {{ text_list('advice_en', order_by='advice_number', separator=' ') }} as actions_en,
            {{ text_list('advice_ko', order_by='advice_number', separator=' ') }} as actions_ko
        from {{ ref('customer_advice') }}
        group by retailer, customer_id, grouping_name
    ),

    customer_strategies as (
        select
            customer_rfm.retailer,
            customer_rfm.customer_id,
            customer_clusters.clustering,
            customer_rfm.rfm_segment,
            segment_strategies.rfm_segment_ko,
            segment_strategies.goal_en as segment_goal_en,
            segment_strategies.goal_ko as segment_goal_ko,
            for_segment.actions_en as segment_actions_en,
            for_segment.actions_ko as segment_actions_ko,
            segment_strategies.list_name as segment_list_name,
            spells.previous_rfm_segment as previous_segment,
            spells.rfm_segment_changed_on as segment_changed_on,
            spells.direction as segment_direction,
            {{ segment_movement(
                'en',
                'spells.direction',
                'spells.previous_rfm_segment',
                'spells.rfm_segment_changed_on',
            ) }} as segment_movement_en,
            {{ segment_movement(
                'ko',
                'spells.direction',
                'coalesce(previous_strategies.rfm_segment_ko, spells.previous_rfm_segment)',
                'spells.rfm_segment_changed_on',
            ) }} as segment_movement_ko,
            customer_clusters.cluster_name,
            cluster_strategies.cluster_name_ko,
            for_cluster.actions_en as cluster_actions_en,
            for_cluster.actions_ko as cluster_actions_ko,
            cluster_strategies.list_name as cluster_list_name
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
        left join
            spells
            on customer_rfm.retailer = spells.retailer
            and customer_rfm.customer_id = spells.customer_id
        left join
            segment_strategies as previous_strategies
            on spells.previous_rfm_segment = previous_strategies.rfm_segment
        left join
            advised as for_segment
            on customer_rfm.retailer = for_segment.retailer
            and customer_rfm.customer_id = for_segment.customer_id
            and for_segment.grouping_name = 'segment'
        left join
            advised as for_cluster
            on customer_clusters.retailer = for_cluster.retailer
            and customer_clusters.customer_id = for_cluster.customer_id
            and customer_clusters.clustering = for_cluster.grouping_name
    )

select *
from customer_strategies
