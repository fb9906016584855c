with

    movements as (select * from {{ ref('int_movements') }}),

    retailers as (select * from {{ ref('retailers') }}),

    dates as (select * from {{ ref('dates') }}),

    known as (select retailer, max(date_day) as as_of_date from dates group by retailer),

    measured as (
        select
            retailer,
            min(case when order_id is not null then ordered_on end) as first_ordered_on,
            max(case when order_id is not null then ordered_on end) as last_ordered_on,
            count(distinct case when order_id is not null then product_id end) as products,
            {{ sales_measures() }}
        from movements
        group by retailer
    ),

    retailer_overview as (
        select
            measured.retailer,
            retailers.retailer_name,
            retailers.country_code,
            retailers.currency,
            known.as_of_date,
            measured.first_ordered_on,
            measured.last_ordered_on,
            measured.customers,
            measured.orders,
            measured.order_lines,
            measured.products,
            measured.units,
            measured.revenue,
            measured.returned_units,
            measured.returned_revenue,
            measured.net_units,
            measured.net_revenue,
            measured.return_rate,
            measured.discount,
            measured.costed_revenue,
            measured.margin,
            measured.margin_rate,
            {{ share('measured.revenue', 'measured.orders') }} as revenue_per_order,
            {{ share('measured.revenue', 'measured.customers') }} as revenue_per_customer,
            {{ share('measured.orders', 'measured.customers') }} as orders_per_customer
        from measured
        inner join retailers on measured.retailer = retailers.retailer
        inner join known on measured.retailer = known.retailer
    )

select *
from retailer_overview
