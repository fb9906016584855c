with

    lists as (select * from {{ ref('recommendation_lists') }}),

    items as (select * from {{ ref('int_items') }}),

    products as (select * from {{ ref('products') }}),

    customer_palette as (select * from {{ ref('customer_palette') }}),

    preferences as (select * from {{ ref('palette_category_preferences') }}),

    offered as (
        select
            lists.*,
            items.product_id,
            products.product_name,
            items.item_name,
            products.category,
            products.super_category,
            case
                when lists.list_name = 'online_offers' then customer_palette.palette_group
            end as palette_group
        from lists
        inner join items on lists.retailer = items.retailer and lists.item_id = items.item_id
        inner join
            products
            on items.retailer = products.retailer
            and items.product_id = products.product_id
        left join
            customer_palette
            on lists.retailer = customer_palette.retailer
            and lists.customer_id = customer_palette.customer_id
    ),

    -- online offers are in the order that the palette group prefers; the others keep theirs
    recommendations as (
        select
            offered.retailer,
            offered.customer_id,
            offered.list_name,
            row_number() over (
                partition by offered.retailer, offered.customer_id, offered.list_name
                order by coalesce(preferences.preference_rank, 1000), offered.rank
            ) as rank,
            offered.product_id,
            offered.product_name,
            offered.item_id,
            offered.item_name,
            offered.category,
            offered.super_category,
            offered.model,
            offered.score,
            preferences.preference_rank,
            offered.expected_on,
            case
                when offered.list_name != 'online_offers'
                then offered.reason
                when preferences.preference_rank is null
                then 'Sells online. ' || offered.reason
                else
                    'Sells online; '
                    || offered.super_category
                    || ' is number '
                    || cast(preferences.preference_rank as {{ dbt.type_string() }})
                    || ' for '
                    || offered.palette_group
                    || '. '
                    || offered.reason
            end as reason,
            offered.evidence
        from offered
        left join
            preferences
            on offered.retailer = preferences.retailer
            and offered.palette_group = preferences.palette_group
            and offered.super_category = preferences.super_category
    )

select *
from recommendations
