with

    source as (select * from {{ read_source('orders', 'customers') }}),

    stg_orders__customers as (
        select
            -- -------- ids
            retailer,
            customer_id,

            -- -------- text
            gender,
            coalesce(age_band, {{ decade_of('age') }}) as age_band,
            country,
            city,
            email,

            -- -------- numbers
            birth_year,

            -- -------- flags
            has_consented
        from source
    )

select *
from stg_orders__customers
