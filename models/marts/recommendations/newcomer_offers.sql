with

    purchases as (select * from {{ ref('int_item_purchases') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customer_palette as (select * from {{ ref('customer_palette') }}),

    items as (select * from {{ ref('int_items') }}),

    -- what a retailer never offers on some list is not shown to newcomers
    never as (
        select distinct retailer, rule, value
        from {{ ref('int_recommendation_rules') }}
        where
            rule in ('never_category', 'never_product')
            and {{ 'true' if var('recommendation_rules_enabled') else 'false' }}
    ),

    offered as (
        select items.*
        from items
        where
            not exists (
                select 1
                from never
                where
                    never.retailer = items.retailer
                    and (
                        (never.rule = 'never_category' and never.value = items.category)
                        or (
                            never.rule = 'never_product'
                            and '|' || items.product_ids || '|' like '%|' || never.value || '|%'
                        )
                    )
            )
    ),

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
            grouped.retailer,
            grouped.customer_group,
            grouped.item_id,
            count(*) as buyers,
            cast(
                row_number() over (
                    partition by grouped.retailer, grouped.customer_group
                    order by count(*) desc, grouped.item_id
                ) as {{ dbt.type_bigint() }}
            ) as rank
        from grouped
        inner join
            offered on grouped.retailer = offered.retailer and grouped.item_id = offered.item_id
        group by grouped.retailer, grouped.customer_group, grouped.item_id
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
