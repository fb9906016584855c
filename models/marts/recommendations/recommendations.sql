{% set places = [1, 2, 3] %}

with

    lists as (select * from {{ ref('recommendation_lists') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    customers as (select * from {{ ref('customers') }}),

    items as (select * from {{ ref('int_items') }}),

    item_facts as (select * from {{ ref('int_item_facts') }}),

    products as (select * from {{ ref('products') }}),

    customer_palette as (select * from {{ ref('customer_palette') }}),

    palette_groups as (select * from {{ ref('palette_groups') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }} where clustering = 'rfm'),

    basket_rules as (select * from {{ ref('basket_rules') }}),

    preferences as (select * from {{ ref('palette_category_preferences') }}),

    buyers as (
        select
            customer_codes.retailer,
            customer_codes.customer_code,
            customer_codes.customer_id,
            customers.orders as customer_orders,
            customer_clusters.cluster_name,
            customer_palette.palette_group,
            coalesce(palette_groups.name_ko, customer_palette.palette_group) as palette_name_ko
        from customer_codes
        inner join
            customers
            on customer_codes.retailer = customers.retailer
            and customer_codes.customer_id = customers.customer_id
        left join
            customer_palette
            on customer_codes.retailer = customer_palette.retailer
            and customer_codes.customer_id = customer_palette.customer_id
        left join
            customer_clusters
            on customer_codes.retailer = customer_clusters.retailer
            and customer_codes.customer_id = customer_clusters.customer_id
        left join palette_groups on customer_palette.palette_group = palette_groups.palette_group
    ),

    -- blanks stray into names
    offers as (
        select
            items.retailer,
            items.item_code,
            items.item_id,
            items.item_name,
            {{ single_spaced('items.item_name') }} as name_in_text,
            items.product_id,
            products.product_name,
            products.category,
            products.super_category,
            item_facts.buyers,
            item_facts.buyers_28_days,
            item_facts.orders,
            item_facts.is_new,
            cast(item_facts.first_sold_at as date) as first_sold_on,
            cast(item_facts.last_sold_at as date) as last_sold_on,
            cast(item_facts.known_until as date) as known_until_day
        from items
        inner join
            item_facts
            on items.retailer = item_facts.retailer
            and items.item_code = item_facts.item_code
        inner join
            products
            on items.retailer = products.retailer
            and items.product_id = products.product_id
    ),

    described as (
        select
            lists.*,
            cast(round(lists.interval_days) as {{ dbt.type_int() }}) as usual_days,
            cast(
                round(100 * basket_rules.confidence) as {{ dbt.type_int() }}
            ) as confidence_percent,
            buyers.customer_id,
            buyers.customer_orders,
            buyers.palette_group,
            buyers.palette_name_ko,
            offers.item_id,
            offers.item_name,
            offers.product_id,
            offers.product_name,
            offers.category,
            offers.super_category,
            offers.buyers,
            offers.buyers_28_days,
            offers.is_new,
            offers.first_sold_on,
            offers.last_sold_on,
            offers.known_until_day,
            buyers.cluster_name,
            {{ single_spaced('basket_rules.antecedents') }} as antecedents,
            {{ single_spaced('basket_rules.consequents') }} as consequents,
            basket_rules.orders as rule_orders,
            basket_rules.confidence,
            basket_rules.lift,
            {% for place in places %}
                near_{{ place }}.item_id as neighbour_{{ place }}_id,
                near_{{ place }}.name_in_text as neighbour_{{ place }}_name,
                near_{{ place }}.buyers as neighbour_{{ place }}_buyers,
                near_{{ place }}.orders as neighbour_{{ place }}_orders,
            {% endfor %}
            case
                when lists.list_name = 'online_offers' then preferences.preference_rank
            end as preference_rank
        from lists
        inner join
            buyers
            on lists.retailer = buyers.retailer
            and lists.customer_code = buyers.customer_code
        inner join offers on lists.retailer = offers.retailer and lists.item_code = offers.item_code
        {% for place in places %}
            left join
                offers as near_{{ place }}
                on lists.retailer = near_{{ place }}.retailer
                and lists.neighbour_{{ place }} = near_{{ place }}.item_code
        {% endfor %}
        left join
            basket_rules
            on lists.retailer = basket_rules.retailer
            and buyers.cluster_name = basket_rules.cluster_name
            and lists.rule_id = basket_rules.rule_id
        left join
            preferences
            on buyers.retailer = preferences.retailer
            and buyers.palette_group = preferences.palette_group
            and offers.super_category = preferences.super_category
    ),

    known as (
        select
            *,
            {{ told_neighbours('en') }} as neighbours_en,
            {{ told_neighbours('ko') }} as neighbours_ko
        from described
    ),

    recommendations as (
        select
            retailer,
            customer_id,
            list_name,
            cast(rank as {{ dbt.type_bigint() }}) as rank,
            product_id,
            product_name,
            item_id,
            item_name,
            category,
            super_category,
            model,
            score,
            preference_rank,
            expected_on,
            coalesce({{ told(openings(), 'en') }}, '') || {{ told(reasons(), 'en') }} as reason,
            coalesce({{ told(openings(), 'ko') }}, '') || {{ told(reasons(), 'ko') }} as reason_ko,
            {{ evidence_of(reasons()) }} as evidence
        from known
    )

select *
from recommendations
