with

    purchases as (select * from {{ ref('int_item_purchases') }}),

    names as (select * from {{ ref('int_items') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }} where clustering = 'rfm'),

    items as (
        select
            purchases.retailer,
            customer_clusters.cluster_name,
            purchases.order_id,
            purchases.item_id,
            names.item_name
        from purchases
        inner join
            names on purchases.retailer = names.retailer and purchases.item_id = names.item_id
        inner join
            customer_clusters
            on purchases.retailer = customer_clusters.retailer
            and purchases.customer_id = customer_clusters.customer_id
    ),

    cluster_sizes as (
        select retailer, cluster_name, count(distinct order_id) as cluster_orders
        from items
        group by retailer, cluster_name
    ),

    counted as (
        select
            items.*,
            cluster_sizes.cluster_orders,
            count(*) over (
                partition by items.retailer, items.cluster_name, items.item_id
            ) as item_orders
        from items
        inner join
            cluster_sizes
            on items.retailer = cluster_sizes.retailer
            and items.cluster_name = cluster_sizes.cluster_name
    ),

    -- an item below the support cannot be part of a rule; its orders still count in cluster_orders
    int_basket_items as (
        select *
        from counted
        where
            item_orders >= cluster_orders * {{ var('basket_min_support') }}
            and item_orders >= {{ var('basket_min_orders') }}
    )

select *
from int_basket_items
