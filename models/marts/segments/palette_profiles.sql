with

    customer_palette as (select * from {{ ref('customer_palette') }}),

    features as (select * from {{ ref('customer_features') }}),

    customers as (select * from {{ ref('customers') }}),

    preferences as (select * from {{ ref('palette_category_preferences') }}),

    palette_groups as (select * from {{ ref('palette_groups') }}),

    descriptions as (select * from {{ ref('group_descriptions') }} where grouping_name = 'palette'),

    measured as (
        select
            customer_palette.retailer,
            customer_palette.palette_group,
            count(*) as customers,
            {{ total('customers.orders', dbt.type_bigint()) }} as orders,
            {{ total('customers.units', dbt.type_bigint()) }} as units,
            {{ total('customers.revenue', total_type()) }} as revenue,
            {{ exact_mean('features.r_weekend') }} as r_weekend_mean,
            {{ exact_mean('features.r_dawn') }} as r_dawn_mean,
            {{ exact_mean('features.r_afternoon') }} as r_afternoon_mean,
            {{ exact_mean('features.r_dinner') }} as r_dinner_mean,
            {{ exact_mean('features.online_vitality') }} as online_vitality_mean,
            {{ exact_mean('features.offline_vitality') }} as offline_vitality_mean,
            {{ exact_mean('features.recency_days') }} as recency_days_mean,
            {{ exact_mean('features.frequency') }} as frequency_mean,
            {{ exact_mean('features.monetary') }} as monetary_mean
        from customer_palette
        inner join
            features
            on customer_palette.retailer = features.retailer
            and customer_palette.customer_id = features.customer_id
        inner join
            customers
            on customer_palette.retailer = customers.retailer
            and customer_palette.customer_id = customers.customer_id
        group by customer_palette.retailer, customer_palette.palette_group
    ),

    ordered as (
        select
            retailer,
            palette_group,
            {{ text_list('super_category', order_by='preference_rank') }} as category_preference
        from preferences
        group by retailer, palette_group
    ),

    palette_profiles as (
        select
            measured.retailer,
            measured.palette_group,
            palette_groups.name_en,
            palette_groups.name_ko,
            descriptions.description_en,
            descriptions.description_ko,
            palette_groups.offer_en,
            palette_groups.offer_ko,
            measured.customers,
            {{ share('measured.customers', 'sum(measured.customers) over retailer_total') }}
            as customer_share,
            measured.orders,
            measured.units,
            measured.revenue,
            {{ share('measured.revenue', 'sum(measured.revenue) over retailer_total') }}
            as revenue_share,
            {{ share('measured.revenue', 'measured.customers') }} as revenue_per_customer,
            measured.r_weekend_mean,
            measured.r_dawn_mean,
            measured.r_afternoon_mean,
            measured.r_dinner_mean,
            measured.online_vitality_mean,
            measured.offline_vitality_mean,
            measured.recency_days_mean,
            measured.frequency_mean,
            measured.monetary_mean,
            ordered.category_preference
        from measured
        inner join
            ordered
            on measured.retailer = ordered.retailer
            and measured.palette_group = ordered.palette_group
        left join palette_groups on measured.palette_group = palette_groups.palette_group
        left join
            descriptions
            on measured.retailer = descriptions.retailer
            and measured.palette_group = descriptions.group_name
        window retailer_total as (partition by measured.retailer)
    )

select *
from palette_profiles
