{#- What tells the class of a measure, and how: a higher class is a smaller number of days. -#}
{%- set measures = {
    'r_class': '- recency_days', 'f_class': 'order_lines', 'm_class': 'c_buy_amount'
} -%}

with

    coded_lines as (select * from {{ ref('int_coded_lines') }}),

    money_back as (select * from {{ ref('int_money_back') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    product_codes as (select * from {{ ref('int_product_codes') }}),

    products as (select * from {{ ref('products') }}),

    retailers as (select * from {{ ref('retailers') }}),

    features as (select * from {{ ref('int_customer_feature_history') }}),

    classes as (select * from {{ ref('int_customer_category_classes') }}),

    rfm_weights as (select * from {{ ref('rfm_weights') }}),

    {{ preference_weights() }},

    -- the yardstick of today: up to which value a class reaches, and what buyers of a category
    -- spend
    edges as (
        select
            retailer
            {% for class, measure in measures.items() %}
                {% for number in range(1, 9) %}
                    ,
                    max(
                        case when {{ class }} <= {{ number }} then {{ measure }} end
                    ) as {{ class }}_{{ number }}
                {% endfor %}
            {% endfor %}
        from classes
        group by retailer
    ),

    buyers as (
        select retailer, super_category, sum(amount) as amount, count(*) as buyers
        from classes
        group by retailer, super_category
    ),

    {{ level_codes('super_category') }},

    movements as {{ inlined() }} (
        select
            retailer,
            customer_code,
            product_code,
            {{ month_start('ordered_at') }} as month_start,
            ordered_at as bought_at,
            1 as order_lines,
            quantity as units,
            amount
        from coded_lines

        union all

        select
            retailer,
            customer_code,
            product_code,
            {{ month_start('returned_at') }} as month_start,
            null as bought_at,
            0 as order_lines,
            0 as units,
            - amount as amount
        from money_back
    ),

    monthly as (
        select
            movements.retailer,
            movements.customer_code,
            levels.level_code,
            movements.month_start,
            max(movements.bought_at) as last_ordered_at,
            sum(movements.order_lines) as order_lines,
            sum(movements.units) as units,
            sum(movements.amount) as amount
        from movements
        inner join
            levels
            on movements.retailer = levels.retailer
            and movements.product_code = levels.product_code
        group by
            movements.retailer, movements.customer_code, levels.level_code, movements.month_start
    ),

    added_up as (
        select
            retailer,
            customer_code,
            level_code,
            month_start as since,
            {{ until_next_month('in_time') }} as until,
            max(last_ordered_at) over in_time as last_ordered_at,
            sum(order_lines) over in_time as order_lines,
            sum(units) over in_time as units,
            sum(amount) over in_time as amount
        from monthly
        window in_time as (partition by retailer, customer_code, level_code order by month_start)
    ),

    compared as (
        select
            features.retailer,
            features.month_start,
            features.customer_id,
            names.super_category,
            {{ recency_days('added_up.last_ordered_at', 'features.snapshot_at', 'retailers.recency_unit') }}
            as recency_days,
            added_up.order_lines,
            added_up.amount,
            {{ share('added_up.units', 'features.units') }} as unit_share,
            {{ compared_amount('added_up.amount', 'buyers.amount', 'buyers.buyers') }}
            as c_buy_amount
        from added_up
        inner join
            customer_codes
            on added_up.retailer = customer_codes.retailer
            and added_up.customer_code = customer_codes.customer_code
        inner join
            features
            on customer_codes.retailer = features.retailer
            and customer_codes.customer_id = features.customer_id
            and features.month_start >= added_up.since
            and features.month_start < added_up.until
        inner join
            names on added_up.retailer = names.retailer and added_up.level_code = names.level_code
        inner join
            buyers
            on names.retailer = buyers.retailer
            and names.super_category = buyers.super_category
        inner join retailers on added_up.retailer = retailers.retailer
        where added_up.order_lines > 0
    ),

    classed as (
        select
            compared.*
            {% for class, measure in measures.items() %}
                ,
                1
                {% for number in range(1, 9) %}
                    + case when {{ measure }} <= edges.{{ class }}_{{ number }} then 0 else 1 end
                {% endfor %} as {{ class }}
            {% endfor %}
        from compared
        inner join edges on compared.retailer = edges.retailer
    ),

    int_category_score_history as (
        select
            classed.retailer,
            classed.month_start,
            classed.customer_id,
            classed.super_category,
            classed.unit_share,
            {{ preference('classed.unit_share', 'classed.amount', '(' ~ preference_index('classed') ~ ')') }}
            as pf_score
        from classed
        inner join weights on classed.retailer = weights.retailer
    )

select *
from int_category_score_history
