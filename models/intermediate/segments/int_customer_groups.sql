with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    customer_palette as (select * from {{ ref('customer_palette') }}),

    int_customer_groups as (
        select retailer, customer_id, 'segment' as grouping_name, rfm_segment as group_name
        from customer_rfm
        union all
        select retailer, customer_id, clustering as grouping_name, cluster_name as group_name
        from customer_clusters
        union all
        select retailer, customer_id, 'palette' as grouping_name, palette_group as group_name
        from customer_palette
    )

select *
from int_customer_groups
