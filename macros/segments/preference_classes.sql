{% macro level_codes(level) %}
    -- names are long: lines are grouped by numbers
    levels as (
        select
            products.retailer,
            product_codes.product_code,
            products.{{ level }},
            dense_rank() over (
                partition by products.retailer order by products.{{ level }}
            ) as level_code
        from products
        inner join
            product_codes
            on products.retailer = product_codes.retailer
            and products.product_id = product_codes.product_id
    ),

    names as (
        select retailer, level_code, min({{ level }}) as {{ level }}
        from levels
        group by retailer, level_code
    )
{% endmacro %}


{% macro preference_classes(level, name) %}
    with

        coded_lines as (select * from {{ ref('int_coded_lines') }}),

        money_back as (select * from {{ ref('int_money_back') }}),

        customer_codes as (select * from {{ ref('int_customer_codes') }}),

        product_codes as (select * from {{ ref('int_product_codes') }}),

        products as (select * from {{ ref('products') }}),

        customer_rfm as (select * from {{ ref('customer_rfm') }}),

        customers as (select * from {{ ref('customers') }}),

        retailers as (select * from {{ ref('retailers') }}),

        {{ level_codes(level) }},

        counted as (
            select
                coded_lines.retailer,
                coded_lines.customer_code,
                levels.level_code,
                max(coded_lines.ordered_at) as last_ordered_at,
                count(*) as order_lines,
                {{ total('coded_lines.quantity', total_type()) }} as units,
                {{ total('coded_lines.amount', total_type()) }} as amount
            from coded_lines
            inner join
                levels
                on coded_lines.retailer = levels.retailer
                and coded_lines.product_code = levels.product_code
            group by coded_lines.retailer, coded_lines.customer_code, levels.level_code
        ),

        given_back as (
            select
                money_back.retailer,
                money_back.customer_code,
                levels.level_code,
                sum(money_back.amount) as amount
            from money_back
            inner join
                levels
                on money_back.retailer = levels.retailer
                and money_back.product_code = levels.product_code
            group by money_back.retailer, money_back.customer_code, levels.level_code
        ),

        bought as (
            select
                counted.retailer,
                customer_codes.customer_id,
                names.{{ level }},
                counted.last_ordered_at,
                counted.order_lines,
                counted.units,
                cast(
                    counted.amount - coalesce(given_back.amount, 0) as {{ total_type() }}
                ) as amount
            from counted
            left join
                given_back
                on counted.retailer = given_back.retailer
                and counted.customer_code = given_back.customer_code
                and counted.level_code = given_back.level_code
            inner join
                customer_codes
                on counted.retailer = customer_codes.retailer
                and counted.customer_code = customer_codes.customer_code
            inner join
                names on counted.retailer = names.retailer and counted.level_code = names.level_code
        ),

        compared as (
            select
                bought.*,
                {{ recency_days(
                'bought.last_ordered_at', 'customer_rfm.snapshot_at', 'retailers.recency_unit'
            ) }} as recency_days,
                {{ compared_amount('bought.amount', 'sum(bought.amount) over buyers', 'count(*) over buyers') }}
                as c_buy_amount,
                {{ share('bought.units', 'customers.units') }} as unit_share
            from bought
            inner join
                customer_rfm
                on bought.retailer = customer_rfm.retailer
                and bought.customer_id = customer_rfm.customer_id
            inner join
                customers
                on bought.retailer = customers.retailer
                and bought.customer_id = customers.customer_id
            inner join retailers on bought.retailer = retailers.retailer
            window buyers as (partition by bought.retailer, bought.{{ level }})
        ),

        {{ name }} as (
            select
                *,
                {{ ninth_class('recency_days desc') }} as r_class,
                {{ ninth_class('order_lines') }} as f_class,
                {{ ninth_class('c_buy_amount') }} as m_class
            from compared
        )

    select *
    from {{ name }}
{% endmacro %}


{% macro compared_amount(amount, amount_of_all, buyers) %}
    coalesce(
        cast({{ amount }} as double)
        / (nullif(cast({{ amount_of_all }} as double), 0) / {{ buyers }}),
        0
    )
{% endmacro %}
