with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    measured as (
        select
            retailer,
            rfm_segment,
            count(*) as customers,
            {{ total('recency_days', dbt.type_bigint()) }} as recency_days_sum,
            {{ total('frequency', dbt.type_bigint()) }} as frequency_sum,
            {{ total('monetary', total_type()) }} as monetary_sum
        from customer_rfm
        group by retailer, rfm_segment
    ),

    rfm_segment_profiles as (
        select
            retailer,
            rfm_segment,
            customers,
            {{ share('customers', 'sum(customers) over retailer_total') }} as customer_share,
            recency_days_sum,
            frequency_sum,
            monetary_sum,
            {{ share('recency_days_sum', 'customers') }} as recency_days_mean,
            {{ share('frequency_sum', 'customers') }} as frequency_mean,
            {{ share('monetary_sum', 'customers') }} as monetary_mean,
            {{ share('monetary_sum', 'sum(monetary_sum) over retailer_total') }} as revenue_share
        from measured
        window retailer_total as (partition by retailer)
    )

select *
from rfm_segment_profiles
