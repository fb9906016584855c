with

    order_lines as (select * from {{ ref('order_lines') }}),

    dates as (select * from {{ ref('dates') }}),

    measured as (
        select retailer, ordered_on, {{ sales_measures() }}
        from order_lines
        group by retailer, ordered_on
    ),

    sales_daily as (
        select
            measured.retailer,
            measured.ordered_on as date_day,
            measured.orders,
            measured.customers,
            measured.order_lines,
            measured.units,
            measured.revenue,
            dates.is_weekend,
            dates.is_holiday,
            dates.holiday_name,
            dates.mean_temperature,
            dates.rainfall
        from measured
        inner join
            dates on measured.retailer = dates.retailer and measured.ordered_on = dates.date_day
    )

select *
from sales_daily
