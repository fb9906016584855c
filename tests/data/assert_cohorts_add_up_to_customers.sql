-- Guards cohorts, customers_by_orders and order_intervals: every customer is of one cohort and
-- has one
-- number of orders, all they bought and gave back is in it, and each order but the first ends one
-- interval; a month left out of a cohort would look as if nobody had come back.
with

    whole as (
        select
            retailer,
            count(*) as customers,
            sum(orders) as orders,
            sum(revenue) as revenue,
            sum(net_revenue) as net_revenue
        from {{ ref('customers') }}
        group by retailer
    ),

    parts as (
        select
            'cohorts' as mart,
            retailer,
            sum(case when months_since = 0 then customers end) as customers,
            sum(orders) as orders,
            sum(revenue) as revenue,
            sum(net_revenue) as net_revenue
        from {{ ref('cohorts') }}
        group by retailer

        union all

        select
            'customers_by_orders' as mart,
            retailer,
            sum(customers) as customers,
            sum(orders * customers) as orders,
            sum(revenue) as revenue,
            sum(net_revenue) as net_revenue
        from {{ ref('customers_by_orders') }}
        group by retailer
    ),

    intervals as (
        select retailer, sum(intervals) as intervals
        from {{ ref('order_intervals') }}
        where rfm_segment = 'all'
        group by retailer
    )

select parts.mart, whole.retailer
from whole
left join parts on whole.retailer = parts.retailer
where
    whole.customers <> coalesce(parts.customers, 0)
    or whole.orders <> parts.orders
    or whole.revenue <> parts.revenue
    or whole.net_revenue <> parts.net_revenue

union all

select 'order_intervals' as mart, whole.retailer
from whole
left join intervals on whole.retailer = intervals.retailer
where whole.orders - whole.customers <> coalesce(intervals.intervals, 0)
