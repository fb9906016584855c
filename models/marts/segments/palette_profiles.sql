with

    customer_palette as (select * from {{ ref('customer_palette') }}),

    features as (select * from {{ ref('customer_features') }}),

    customers as (select * from {{ ref('customers') }}),

    preferences as (select * from {{ ref('palette_category_preferences') }}),

    palette_groups as (select * from {{ ref('palette_groups') }}),

    descriptions as (select * from {{ ref('group_descriptions') }} where grouping_name = 'palette'),

    cluster_strategies as (select * from {{ ref('cluster_strategies') }}),

    -- where the seed table does not name a group, its two parts do
    parts as (
        select distinct
            customer_palette.retailer,
            customer_palette.palette_group,
            upper(substring(customer_palette.behaviour, 1, 1))
            || substring(customer_palette.behaviour, 2)
            || ', '
            || customer_palette.consumption as name_en,
            behaviours.cluster_name_ko || ', ' || consumptions.cluster_name_ko as name_ko
        from customer_palette
        left join
            cluster_strategies as behaviours
            on customer_palette.behaviour = behaviours.cluster_name
            and behaviours.clustering = 'behaviour'
        left join
            cluster_strategies as consumptions
            on customer_palette.consumption = consumptions.cluster_name
            and consumptions.clustering = 'consumption'
    ),

    offered as (
        select
            retailer,
            group_name as palette_group,
            {% for language in ['en', 'ko'] %}
                {{ text_list(
                    'advice_' ~ language ~ " || coalesce(' (' || condition_" ~ language ~ " || ')', '')",
                    order_by='advice_number',
                    separator=' ',
                ) }}
                as offer_{{ language }} {{ ',' if not loop.last }}
            {% endfor %}
        from {{ ref('group_advice') }}
        where grouping_name = 'palette'
        group by retailer, group_name
    ),

    measured as (
        select
            customer_palette.retailer,
            customer_palette.palette_group,
            count(*) as customers,
            {{ total('customers.orders', dbt.type_bigint()) }} as orders,
            {{ total('customers.units', total_type()) }} as units,
            {{ total('customers.revenue', total_type()) }} as revenue,
            {{ net_measures_of('customers') }},
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
            coalesce(palette_groups.name_en, parts.name_en) as name_en,
            coalesce(palette_groups.name_ko, parts.name_ko) as name_ko,
            descriptions.description_en,
            descriptions.description_ko,
            offered.offer_en,
            offered.offer_ko,
            measured.customers,
            {{ share('measured.customers', 'sum(measured.customers) over retailer_total') }}
            as customer_share,
            measured.orders,
            measured.units,
            measured.revenue,
            measured.returned_units,
            measured.returned_revenue,
            measured.net_units,
            measured.net_revenue,
            measured.return_rate,
            measured.discount,
            measured.costed_revenue,
            measured.margin,
            measured.margin_rate,
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
        inner join
            parts
            on measured.retailer = parts.retailer
            and measured.palette_group = parts.palette_group
        left join
            offered
            on measured.retailer = offered.retailer
            and measured.palette_group = offered.palette_group
        left join palette_groups on measured.palette_group = palette_groups.palette_group
        left join
            descriptions
            on measured.retailer = descriptions.retailer
            and measured.palette_group = descriptions.group_name
        window retailer_total as (partition by measured.retailer)
    )

select *
from palette_profiles
