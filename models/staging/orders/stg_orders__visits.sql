with

    source as (select * from {{ read_source('orders', 'visits') }}),

    stg_orders__visits as (
        select
            -- -------- ids
            retailer,
            customer_id,
            visit_id as session_id,

            -- -------- text
            cast(null as {{ dbt.type_string() }}) as store,
            coalesce(traffic_source, 'unknown') as traffic_source,
            device,

            -- -------- times
            started_at,

            -- -------- numbers
            page_views,
            seconds as session_seconds
        from source
        where {{ known_as_of('started_at') }}
    )

select *
from stg_orders__visits
