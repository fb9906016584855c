with

    cluster_names as (select * from {{ ref('cluster_names') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    advice as (select * from {{ ref('advice') }}),

    conditions as (select * from {{ ref('advice_conditions') }}),

    lists as (select * from {{ ref('strategy_lists') }}),

    -- a cluster may be named after what is in the data, which no seed table knows
    named as (
        select clustering, cluster_name
        from cluster_names
        union
        select clustering, cluster_name
        from customer_clusters
    ),

    worded as (
        select
            advice.grouping_name as clustering,
            advice.group_name as cluster_name,
            {{ general_advice('en') }} as actions_en,
            {{ general_advice('ko') }} as actions_ko
        from advice
        left join conditions on advice.condition = conditions.condition
        group by advice.grouping_name, advice.group_name
    ),

    cluster_strategies as (
        select
            named.clustering,
            named.cluster_name,
            coalesce(
                cluster_names.cluster_name_ko, {{ cluster_name_ko('named.cluster_name') }}
            ) as cluster_name_ko,
            cluster_names.description_en,
            cluster_names.description_ko,
            coalesce(own.actions_en, general.actions_en) as actions_en,
            coalesce(own.actions_ko, general.actions_ko) as actions_ko,
            case
                when own.clustering is null then general_list.list_name else own_list.list_name
            end as list_name
        from named
        left join
            cluster_names
            on named.clustering = cluster_names.clustering
            and named.cluster_name = cluster_names.cluster_name
        left join
            worded as own
            on named.clustering = own.clustering
            and named.cluster_name = own.cluster_name
        left join
            worded as general
            on named.clustering = general.clustering
            and general.cluster_name is null
        left join
            lists as own_list
            on named.clustering = own_list.grouping_name
            and named.cluster_name = own_list.group_name
        left join
            lists as general_list
            on named.clustering = general_list.grouping_name
            and general_list.group_name is null
    )

select *
from cluster_strategies
