with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    timed as ({{ timed_orders() }}),

    times as (
        select retailer, customer_id, {{ time_counts() }} from timed group by retailer, customer_id
    ),

    purchases as (
        select retailer, customer_id, {{ purchase_counts() }}
        from {{ ref('order_lines') }}
        group by retailer, customer_id
    ),

    visits as (
        select retailer, customer_id, {{ visit_counts() }}
        from {{ ref('sessions') }}
        group by retailer, customer_id
    ),

    customer_features as (
        select
            customer_rfm.retailer,
            customer_rfm.customer_id,
            {{ feature_columns('times', 'purchases', 'visits') }},
            customer_rfm.recency_days,
            customer_rfm.frequency,
            customer_rfm.monetary
        from customer_rfm
        inner join
            times
            on customer_rfm.retailer = times.retailer
            and customer_rfm.customer_id = times.customer_id
        inner join
            purchases
            on customer_rfm.retailer = purchases.retailer
            and customer_rfm.customer_id = purchases.customer_id
        left join
            visits
            on customer_rfm.retailer = visits.retailer
            and customer_rfm.customer_id = visits.customer_id
    )

select *
from customer_features
