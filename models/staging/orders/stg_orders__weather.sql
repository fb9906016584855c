with

    source as (select * from {{ read_source('orders', 'weather') }}),

    stg_orders__weather as (
        select
            -- -------- ids
            retailer,

            -- -------- times
            cast(date_day as date) as date_day,

            -- -------- numbers
            cast(mean_temperature as double) as mean_temperature,
            cast(rainfall as double) as rainfall
        from source
        where {{ known_as_of('date_day') }}
    )

select *
from stg_orders__weather
