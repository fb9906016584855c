with

    source as (select * from {{ read_source('online_retail', 'invoice_lines') }}),

    stg_online_retail__order_lines as (
        select
            -- -------- ids
            invoice_no as order_id,
            cast(null as {{ dbt.type_bigint() }}) as line_number,
            stock_code as product_id,
            customer_id,

            -- -------- text
            description as product_name,
            country,
            'online' as channel,
            cast(null as {{ dbt.type_string() }}) as store,

            -- -------- times
            invoice_date as ordered_at,

            -- -------- numbers
            quantity,
            unit_price
        from source
        where {{ known_as_of('invoice_date') }}
    )

select *
from stg_online_retail__order_lines
