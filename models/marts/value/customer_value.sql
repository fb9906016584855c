with

    forecasts as (select * from {{ ref('value_forecasts') }}),

    codes as (select * from {{ ref('int_customer_codes') }}),

    customers as (select * from {{ ref('customers') }}),

    customer_value as (
        select
            forecasts.retailer,
            codes.customer_id,
            forecasts.horizon_days,
            forecasts.known_until,
            forecasts.model,
            forecasts.is_judged,
            forecasts.intervals_from,
            forecasts.is_newcomer,
            forecasts.expected_orders,
            forecasts.orders_low,
            forecasts.orders_high,
            forecasts.expected_revenue,
            forecasts.revenue_low,
            forecasts.revenue_high,
            {{ rounded("forecasts.expected_revenue * customers.margin_rate", 6) }}
            as expected_margin,
            cast(
                ntile(10) over (
                    partition by forecasts.retailer, forecasts.horizon_days
                    order by forecasts.expected_revenue, codes.customer_id
                ) as {{ dbt.type_bigint() }}
            ) as value_decile,
            forecasts.purchase_probability,
            forecasts.probability_low,
            forecasts.probability_high,
            forecasts.alive_probability,
            forecasts.next_order_on,
            forecasts.next_order_from,
            forecasts.next_order_to,
            forecasts.rhythm_days,
            forecasts.silence_days,
            forecasts.silence_unusual_on,
            forecasts.is_silence_unusual
        from forecasts
        inner join
            codes
            on forecasts.retailer = codes.retailer
            and forecasts.customer_code = codes.customer_code
        inner join
            customers
            on codes.retailer = customers.retailer
            and codes.customer_id = customers.customer_id
    )

select *
from customer_value
