with

    items as {{ inlined() }} (
        select
            purchases.retailer,
            customer_clusters.cluster_name,
            purchases.order_id,
            purchases.order_code,
            purchases.item_code
        from {{ ref('int_item_purchases') }} as purchases
        inner join
            {{ ref('customer_clusters') }} as customer_clusters
            on purchases.retailer = customer_clusters.retailer
            and purchases.customer_id = customer_clusters.customer_id
        where customer_clusters.clustering = 'rfm'
    ),

    cluster_sizes as (
        select retailer, cluster_name, count(distinct order_code) as cluster_orders
        from items
        group by retailer, cluster_name
    ),

    -- an item below the support cannot be part of a rule; its orders still count in cluster_orders
    frequent as (
        select
            items.retailer,
            items.cluster_name,
            items.item_code,
            cluster_sizes.cluster_orders,
            count(*) as item_orders
        from items
        inner join
            cluster_sizes
            on items.retailer = cluster_sizes.retailer
            and items.cluster_name = cluster_sizes.cluster_name
        group by items.retailer, items.cluster_name, items.item_code, cluster_sizes.cluster_orders
        having
            count(*) >= cluster_sizes.cluster_orders * {{ var('basket_min_support') }}
            and count(*) >= {{ var('basket_min_orders') }}
    ),

    int_basket_items as (
        select
            items.retailer,
            items.cluster_name,
            items.order_id,
            names.item_id,
            names.item_name,
            frequent.cluster_orders,
            frequent.item_orders
        from items
        inner join
            frequent
            on items.retailer = frequent.retailer
            and items.cluster_name = frequent.cluster_name
            and items.item_code = frequent.item_code
        inner join
            {{ ref('int_items') }} as names
            on items.retailer = names.retailer
            and items.item_code = names.item_code
    )

select *
from int_basket_items
