with

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customer_strategies as (
        select * from {{ ref('customer_strategies') }} where clustering = 'rfm'
    ),

    customer_palette as (select * from {{ ref('customer_palette') }}),

    cluster_profiles as (select * from {{ ref('cluster_profiles') }} where clustering = 'rfm'),

    spells as (select * from {{ ref('int_customer_spells') }}),

    priorities as (select * from {{ ref('customer_priorities') }}),

    forecasts as (
        select
            retailer,
            customer_id,
            max(next_order_on) as next_order_on,
            {% for days in value_horizons() %}
                {% for figure in ['expected_orders', 'expected_revenue', 'purchase_probability'] %}
                    max(
                        case when horizon_days = {{ days }} then {{ figure }} end
                    ) as {{ figure }}_{{ days }}_days
                    {%- if not loop.last %},{% endif %}
                {% endfor %}
                {%- if not loop.last %},{% endif %}
            {% endfor %}
        from {{ ref('customer_value') }}
        group by retailer, customer_id
    ),

    palette_profiles as (select * from {{ ref('palette_profiles') }}),

    palette_offers as (
        select
            retailer,
            customer_id,
            {{ text_list('advice_en', order_by='advice_number', separator=' ') }} as offer_en,
            {{ text_list('advice_ko', order_by='advice_number', separator=' ') }} as offer_ko
        from {{ ref('customer_advice') }}
        where grouping_name = 'palette'
        group by retailer, customer_id
    ),

    features as (select * from {{ ref('customer_features') }}),

    shapes as (select * from {{ ref('int_customer_shapes') }} where dimension = 'category'),

    recommendations as (select * from {{ ref('recommendations') }} where list_name = 'discover'),

    categories as (
        select
            retailer,
            customer_id,
            member as category,
            row_number() over (
                partition by retailer, customer_id order by revenue desc, member
            ) as category_rank
        from shapes
    ),

    offers as (
        select
            retailer,
            customer_id,
            {{ text_list('product_id', order_by='rank') }} as offered_product_ids,
            {{ text_list('product_name', order_by='rank') }} as offered_products
        from recommendations
        group by retailer, customer_id
    ),

    customer_360 as (
        select
            -- -------- ids
            customers.retailer,
            customers.customer_id,

            -- -------- who they are
            customers.country,
            customers.gender,
            customers.age_band,
            features.channel_group,
            customers.first_ordered_at,
            customers.last_ordered_at,
            customers.orders,
            customers.order_lines,
            customers.units,
            customers.revenue,
            customers.returned_units,
            customers.returned_revenue,
            customers.net_units,
            customers.net_revenue,
            customers.return_rate,
            customers.discount,
            customers.costed_revenue,
            customers.margin,
            customers.margin_rate,
            {{ share('customers.revenue', 'customers.orders') }} as revenue_per_order,
            categories.category as favourite_category,

            -- -------- scores and groups
            customer_rfm.recency_days,
            customer_rfm.frequency,
            customer_rfm.monetary,
            customer_rfm.r_score,
            customer_rfm.f_score,
            customer_rfm.m_score,
            customer_rfm.rfm_score,
            customer_rfm.rfm_segment,
            customer_strategies.rfm_segment_ko,
            spells.previous_rfm_segment as previous_segment,
            spells.rfm_segment_changed_on as changed_on,
            spells.months_in_rfm_segment as months_in_segment,
            spells.direction as segment_direction,
            customer_strategies.cluster_name as rfm_cluster,
            customer_strategies.cluster_name_ko as rfm_cluster_ko,
            cluster_profiles.stands_apart as rfm_cluster_stands_apart,
            spells.previous_rfm_cluster,
            customer_palette.palette_group,
            palette_profiles.name_en as palette_name,
            palette_profiles.name_ko as palette_name_ko,
            spells.previous_palette_group,
            customer_palette.is_predicted as palette_is_predicted,
            customer_palette.probability as palette_probability,

            -- -------- what they are worth
            priorities.revenue_12_months,
            priorities.value_class,
            {% for days in value_horizons() %}
                forecasts.expected_orders_{{ days }}_days,
                forecasts.expected_revenue_{{ days }}_days,
                forecasts.purchase_probability_{{ days }}_days,
            {% endfor %}
            forecasts.next_order_on,
            priorities.silence,
            priorities.silence_unusual_on,
            priorities.value_at_stake,

            -- -------- what to do
            customer_strategies.segment_actions_en,
            customer_strategies.segment_actions_ko,
            customer_strategies.cluster_actions_en,
            customer_strategies.cluster_actions_ko,
            palette_offers.offer_en as palette_offer_en,
            palette_offers.offer_ko as palette_offer_ko,
            offers.offered_product_ids,
            offers.offered_products
        from customers
        inner join
            customer_rfm
            on customers.retailer = customer_rfm.retailer
            and customers.customer_id = customer_rfm.customer_id
        inner join
            features
            on customers.retailer = features.retailer
            and customers.customer_id = features.customer_id
        left join
            spells
            on customers.retailer = spells.retailer
            and customers.customer_id = spells.customer_id
        left join
            priorities
            on customers.retailer = priorities.retailer
            and customers.customer_id = priorities.customer_id
        left join
            forecasts
            on customers.retailer = forecasts.retailer
            and customers.customer_id = forecasts.customer_id
        left join
            customer_palette
            on customers.retailer = customer_palette.retailer
            and customers.customer_id = customer_palette.customer_id
        left join
            palette_profiles
            on customer_palette.retailer = palette_profiles.retailer
            and customer_palette.palette_group = palette_profiles.palette_group
        left join
            palette_offers
            on customers.retailer = palette_offers.retailer
            and customers.customer_id = palette_offers.customer_id
        left join
            customer_strategies
            on customers.retailer = customer_strategies.retailer
            and customers.customer_id = customer_strategies.customer_id
        left join
            cluster_profiles
            on customer_strategies.retailer = cluster_profiles.retailer
            and customer_strategies.cluster_name = cluster_profiles.cluster_name
        left join
            categories
            on customers.retailer = categories.retailer
            and customers.customer_id = categories.customer_id
            and categories.category_rank = 1
        left join
            offers
            on customers.retailer = offers.retailer
            and customers.customer_id = offers.customer_id
    )

select *
from customer_360
