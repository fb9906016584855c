with

    order_lines as (select * from {{ ref('order_lines') }}),

    products as (select * from {{ ref('products') }}),

    retailers as (select * from {{ ref('retailers') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }} where clustering = 'rfm'),

    items as (
        select distinct
            order_lines.retailer,
            customer_clusters.cluster_name,
            order_lines.order_id,
            case
                when retailers.basket_item = 'subcategory'
                then products.subcategory
                else order_lines.product_id
            end as item_id,
            case
                when retailers.basket_item = 'subcategory'
                then products.subcategory
                else products.product_name
            end as item_name
        from order_lines
        inner join retailers on order_lines.retailer = retailers.retailer
        inner join
            products
            on order_lines.retailer = products.retailer
            and order_lines.product_id = products.product_id
        inner join
            customer_clusters
            on order_lines.retailer = customer_clusters.retailer
            and order_lines.customer_id = customer_clusters.customer_id
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
