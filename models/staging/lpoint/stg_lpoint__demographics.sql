with

    source as (select * from {{ read_source('lpoint', 'demographics') }}),

    stg_lpoint__demographics as (
        select
            -- -------- ids
            clnt_id as customer_id,

            -- -------- text
            coalesce(clnt_gender, 'unknown') as gender,
            coalesce(clnt_age, 'unknown') as age_band
        from source
    )

select *
from stg_lpoint__demographics
