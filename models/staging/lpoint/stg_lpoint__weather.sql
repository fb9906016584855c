with

    source as (select * from {{ read_source('lpoint', 'weather') }}),

    stg_lpoint__weather as (
        select
            -- -------- ids
            retailer,

            -- -------- times
            cast(observed_on as date) as date_day,

            -- -------- numbers
            cast(mean_temperature as double) as mean_temperature,
            cast(rainfall as double) as rainfall
        from source
        where {{ known_as_of('observed_on') }}
    )

select *
from stg_lpoint__weather
