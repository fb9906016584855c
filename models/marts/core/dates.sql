with

    calendar as (select * from {{ ref('calendar') }}),

    dates as (
        select
            retailer,
            date_day,
            cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start,
            cast({{ iso_weekday('date_day') }} as {{ dbt.type_bigint() }}) as weekday,
            {{ iso_weekday('date_day') }} in (6, 7) as is_weekend,
            holiday_name is not null as is_holiday,
            holiday_name,
            cast(null as double) as mean_temperature,
            cast(null as double) as rainfall
        from calendar
    )

select *
from dates
