with

    calendar as (select * from {{ ref('calendar') }}),

    weather as (select * from {{ ref('int_weather__unioned') }}),

    measured as (
        select
            retailer, date_day, max(mean_temperature) as mean_temperature, max(rainfall) as rainfall
        from weather
        group by retailer, date_day
    ),

    dates as (
        select
            calendar.retailer,
            calendar.date_day,
            {{ month_start('calendar.date_day') }} as month_start,
            cast({{ iso_weekday('calendar.date_day') }} as {{ dbt.type_bigint() }}) as weekday,
            {{ iso_weekday('calendar.date_day') }} in (6, 7) as is_weekend,
            calendar.holiday_name is not null as is_holiday,
            calendar.holiday_name,
            measured.mean_temperature,
            measured.rainfall
        from calendar
        left join
            measured
            on calendar.retailer = measured.retailer
            and calendar.date_day = measured.date_day
    )

select *
from dates
