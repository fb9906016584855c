with

    customers as (select * from {{ ref('customers') }}),

    counted as (
        select
            retailer,
            orders,
            count(*) as customers,
            {{ total('revenue', total_type()) }} as revenue,
            {{ total('net_revenue', total_type()) }} as net_revenue
        from customers
        group by retailer, orders
    ),

    customers_by_orders as (
        select
            retailer,
            orders,
            customers,
            {{ share('customers', 'sum(customers) over retailer_total') }} as customer_share,
            {{ share('sum(customers) over from_here', 'sum(customers) over retailer_total') }}
            as share_with_at_least,
            revenue,
            net_revenue,
            {{ share('revenue', 'sum(revenue) over retailer_total') }} as revenue_share
        from counted
        window
            retailer_total as (partition by retailer),
            from_here as (partition by retailer order by orders desc)
    )

select *
from customers_by_orders
