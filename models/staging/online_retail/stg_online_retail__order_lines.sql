with

    source as (select * from {{ read_source('online_retail', 'invoice_lines') }}),

    retailers as (select * from {{ ref('retailers') }}),

    stg_online_retail__order_lines as (
        select
            -- -------- ids
            source.retailer,
            source.invoice_no as order_id,
            cast(null as {{ dbt.type_bigint() }}) as line_number,
            source.stock_code as product_id,
            source.customer_id,

            -- -------- text
            source.description as product_name,
            source.country,
            retailers.channel,
            cast(null as {{ dbt.type_string() }}) as store,

            -- -------- times
            source.invoice_date as ordered_at,

            -- -------- numbers
            cast(source.quantity as {{ numeric_type() }}) as quantity,
            source.unit_price,
            cast(null as {{ numeric_type() }}) as amount,
            cast(null as {{ numeric_type() }}) as discount,
            cast(null as {{ numeric_type() }}) as unit_cost
        from source
        inner join retailers on source.retailer = retailers.retailer
        where {{ known_as_of('source.invoice_date') }}
    )

select *
from stg_online_retail__order_lines
