with

    customer_value as (select * from {{ ref('customer_value') }}),

    added_up as (
        select
            retailer,
            horizon_days,
            value_decile,
            count(*) as customers,
            {{ exact_sum('expected_orders') }} as expected_orders,
            {{ exact_sum('expected_revenue') }} as expected_revenue,
            {{ exact_sum('expected_margin') }} as expected_margin,
            {{ exact_sum('purchase_probability') }} as expected_buyers
        from customer_value
        group by retailer, horizon_days, value_decile
    ),

    value_deciles as (
        select
            retailer,
            horizon_days,
            value_decile,
            customers,
            cast(expected_orders as double) as expected_orders,
            cast(expected_revenue as double) as expected_revenue,
            {{ share('expected_revenue', 'sum(expected_revenue) over horizon') }} as revenue_share,
            cast(expected_margin as double) as expected_margin,
            {{ share('expected_buyers', 'customers') }} as purchase_probability
        from added_up
        window horizon as (partition by retailer, horizon_days)
    )

select *
from value_deciles
