with

    lists as (select * from {{ ref('recommendation_lists') }}),

    items as (select * from {{ ref('int_items') }}),

    products as (select * from {{ ref('products') }}),

    recommendations as (
        select
            lists.retailer,
            lists.customer_id,
            lists.list_name,
            lists.rank,
            items.product_id,
            products.product_name,
            lists.item_id,
            items.item_name,
            products.category,
            products.super_category,
            lists.model,
            lists.score,
            lists.expected_on,
            lists.reason,
            lists.evidence
        from lists
        inner join items on lists.retailer = items.retailer and lists.item_id = items.item_id
        inner join
            products
            on items.retailer = products.retailer
            and items.product_id = products.product_id
    )

select *
from recommendations
