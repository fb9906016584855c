with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    customers as (select * from {{ ref('customers') }}),

    measured as (
        select
            customer_rfm.retailer,
            customer_rfm.rfm_segment,
            count(*) as customers,
            {{ total('customer_rfm.recency_days', dbt.type_bigint()) }} as recency_days_sum,
            {{ total('customer_rfm.frequency', dbt.type_bigint()) }} as frequency_sum,
            {{ total('customer_rfm.monetary', total_type()) }} as monetary_sum,
            {{ total('customers.revenue', total_type()) }} as revenue,
            {{ net_measures_of('customers') }}
        from customer_rfm
        inner join
            customers
            on customer_rfm.retailer = customers.retailer
            and customer_rfm.customer_id = customers.customer_id
        group by customer_rfm.retailer, customer_rfm.rfm_segment
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
            {{ share('monetary_sum', 'sum(monetary_sum) over retailer_total') }} as revenue_share,
            revenue,
            returned_units,
            returned_revenue,
            net_units,
            net_revenue,
            return_rate,
            discount,
            costed_revenue,
            margin,
            margin_rate
        from measured
        window retailer_total as (partition by retailer)
    )

select *
from rfm_segment_profiles
