with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    measured as (
        select
            retailer,
            r_score,
            f_score,
            count(*) as customers,
            {{ total('monetary', total_type()) }} as revenue
        from customer_rfm
        group by retailer, r_score, f_score
    ),

    rfm_grid as (
        select
            retailer,
            r_score,
            f_score,
            customers,
            {{ share('customers', 'sum(customers) over retailer_total') }} as customer_share,
            revenue,
            {{ share('revenue', 'sum(revenue) over retailer_total') }} as revenue_share,
            {{ share('revenue', 'customers') }} as monetary_mean
        from measured
        window retailer_total as (partition by retailer)
    )

select *
from rfm_grid
