with

    customer_priorities as (select * from {{ ref('customer_priorities') }}),

    added_up as (
        select
            retailer,
            value_class,
            silence,
            count(*) as customers,
            {{ total('revenue_12_months', total_type()) }} as revenue_12_months,
            {{ exact_sum('expected_revenue') }} as expected_revenue,
            {{ exact_sum('purchase_probability') }} as expected_buyers,
            {{ exact_sum('value_at_stake') }} as value_at_stake
        from customer_priorities
        group by retailer, value_class, silence
    ),

    value_risk_matrix as (
        select
            retailer,
            value_class,
            silence,
            customers,
            {{ share('customers', 'sum(customers) over (partition by retailer)') }}
            as customer_share,
            revenue_12_months,
            cast(expected_revenue as double) as expected_revenue,
            {{ share('expected_buyers', 'customers') }} as purchase_probability,
            cast(value_at_stake as double) as value_at_stake
        from added_up
    )

select *
from value_risk_matrix
