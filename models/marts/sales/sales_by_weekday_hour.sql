with

    movements as (select * from {{ ref('int_movements') }}),

    hours as (
        select
            *,
            cast({{ iso_weekday('ordered_on') }} as {{ dbt.type_bigint() }}) as weekday,
            cast(extract(hour from ordered_at) as {{ dbt.type_bigint() }}) as hour_of_day
        from movements
    ),

    sales_by_weekday_hour as (
        select retailer, weekday, hour_of_day, {{ sales_measures() }}
        from hours
        group by retailer, weekday, hour_of_day
    )

select *
from sales_by_weekday_hour
