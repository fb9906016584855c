with

    source as (select * from {{ read_source('lpoint', 'demographics') }}),

    stg_lpoint__customers as (
        select
            -- -------- ids
            retailer,
            clnt_id as customer_id,

            -- -------- text
            clnt_gender as gender,
            clnt_age as age_band,
            cast(null as {{ dbt.type_string() }}) as country,
            cast(null as {{ dbt.type_string() }}) as city,
            cast(null as {{ dbt.type_string() }}) as email,

            -- -------- numbers
            cast(null as {{ dbt.type_bigint() }}) as birth_year,

            -- -------- flags
            cast(null as boolean) as has_consented
        from source
    )

select *
from stg_lpoint__customers
