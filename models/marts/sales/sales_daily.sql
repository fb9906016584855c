with

    movements as (select * from {{ ref('int_movements') }}),

    dates as (select * from {{ ref('dates') }}),

    measured as (
        select retailer, ordered_on, {{ sales_measures() }}
        from movements
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
            measured.returned_units,
            measured.returned_revenue,
            measured.net_units,
            measured.net_revenue,
            measured.return_rate,
            measured.discount,
            measured.costed_revenue,
            measured.margin,
            measured.margin_rate,
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
