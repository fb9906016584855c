with

    customer_value as (select * from {{ ref('customer_value') }} where horizon_days = 90),

    order_days as (select * from {{ ref('int_order_days') }}),

    codes as (select * from {{ ref('int_customer_codes') }}),

    spent as (
        select
            codes.retailer,
            codes.customer_id,
            {{ total('order_days.revenue - order_days.money_back', total_type()) }} as revenue
        from order_days
        inner join
            codes
            on order_days.retailer = codes.retailer
            and order_days.customer_code = codes.customer_code
        inner join
            customer_value
            on codes.retailer = customer_value.retailer
            and codes.customer_id = customer_value.customer_id
            and order_days.happened_on
            > {{ dbt.dateadd('day', -365, 'customer_value.known_until') }}
        group by codes.retailer, codes.customer_id
    ),

    measured as (
        select
            customer_value.retailer,
            customer_value.customer_id,
            customer_value.known_until,
            case
                when spent.revenue > 0 then spent.revenue else cast(0 as {{ total_type() }})
            end as revenue_12_months,
            customer_value.expected_revenue,
            customer_value.purchase_probability,
            customer_value.is_judged,
            customer_value.silence_days,
            customer_value.rhythm_days,
            customer_value.silence_unusual_on,
            case
                when customer_value.is_silence_unusual
                then 'unusual'
                when customer_value.silence_days > customer_value.rhythm_days
                then 'long'
                else 'usual'
            end as silence
        from customer_value
        left join
            spent
            on customer_value.retailer = spent.retailer
            and customer_value.customer_id = spent.customer_id
    ),

    classed as (
        select
            *,
            -- what those who brought more brought together
            (sum(revenue_12_months) over best_first) - revenue_12_months as revenue_above,
            sum(revenue_12_months) over (partition by retailer) as revenue_of_all,
            cast(revenue_12_months as double) * (1 - purchase_probability) as at_stake
        from measured
        window
            best_first as (
                partition by retailer
                order by revenue_12_months desc, customer_id
                rows between unbounded preceding and current row
            )
    ),

    customer_priorities as (
        select
            retailer,
            customer_id,
            known_until,
            cast(revenue_12_months as {{ total_type() }}) as revenue_12_months,
            case
                when revenue_12_months = 0
                then 'C'
                when revenue_above < 0.8 * revenue_of_all
                then 'A'
                when revenue_above < 0.95 * revenue_of_all
                then 'B'
                else 'C'
            end as value_class,
            expected_revenue,
            purchase_probability,
            is_judged,
            silence_days,
            rhythm_days,
            silence_unusual_on,
            silence,
            {{ rounded("at_stake", 4) }} as value_at_stake,
            cast(
                row_number() over (
                    partition by retailer order by {{ rounded("at_stake", 4) }} desc, customer_id
                ) as {{ dbt.type_bigint() }}
            ) as priority
        from classed
    )

select *
from customer_priorities
