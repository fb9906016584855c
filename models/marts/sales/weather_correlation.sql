{%- set measures = ['mean_temperature', 'rainfall'] -%}

with

    sales_daily as (select * from {{ ref('sales_daily') }}),

    dates as (select * from {{ ref('dates') }}),

    days as (
        select
            sales_daily.retailer,
            cast(sales_daily.revenue as double) as revenue,
            dates.mean_temperature,
            dates.rainfall
        from sales_daily
        inner join
            dates on sales_daily.retailer = dates.retailer and sales_daily.date_day = dates.date_day
    ),

    weather_correlation as (
        {% for measure in measures %}
            select
                retailer,
                '{{ measure }}' as measure,
                count(*) as days,
                round(corr(revenue, {{ measure }}), 9) as revenue_correlation
            from days
            where {{ measure }} is not null
            group by retailer {{ 'union all' if not loop.last }}
        {% endfor %}
    )

select *
from weather_correlation
