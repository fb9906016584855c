with

    purchases as (select * from {{ ref('int_item_purchases') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customer_palette as (select * from {{ ref('customer_palette') }}),

    items as (select * from {{ ref('int_items') }}),

    recent as (
        select distinct purchases.retailer, purchases.customer_id, purchases.item_id
        from purchases
        inner join
            customer_rfm
            on purchases.retailer = customer_rfm.retailer
            and purchases.customer_id = customer_rfm.customer_id
        where
            {{ dbt.datediff('purchases.ordered_at', 'customer_rfm.snapshot_at', 'day') }}
            <= {{ var('recommendation_window_days') }}
    ),

    grouped as (
        select recent.*, 'everybody' as customer_group
        from recent
        union all
        select recent.*, customer_palette.palette_group as customer_group
        from recent
        inner join
            customer_palette
            on recent.retailer = customer_palette.retailer
            and recent.customer_id = customer_palette.customer_id
    ),

    group_sizes as (
        select retailer, customer_group, count(distinct customer_id) as group_customers
        from grouped
        group by retailer, customer_group
    ),

    bought as (
        select
            retailer,
            customer_group,
            item_id,
            count(*) as buyers,
            row_number() over (
                partition by retailer, customer_group order by count(*) desc, item_id
            ) as rank
        from grouped
        group by retailer, customer_group, item_id
    ),

    newcomer_offers as (
        select
            bought.retailer,
            bought.customer_group,
            bought.rank,
            items.product_id,
            bought.item_id,
            items.item_name,
            bought.buyers,
            group_sizes.group_customers,
            {{ share('bought.buyers', 'group_sizes.group_customers') }} as buyer_share
        from bought
        inner join items on bought.retailer = items.retailer and bought.item_id = items.item_id
        inner join
            group_sizes
            on bought.retailer = group_sizes.retailer
            and bought.customer_group = group_sizes.customer_group
        where bought.rank <= {{ var('recommendations_per_customer') }}
    )

select *
from newcomer_offers
