with

    hits as (select * from {{ ref('int_hits__unioned') }}),

    visits as (select * from {{ ref('int_visits__unioned') }}),

    of_hits as (
        select
            retailer,
            customer_id,
            session_id,
            min(hit_at) as started_at,
            min(store) as store,
            min(traffic_source) as traffic_source,
            min(device) as device,
            count(*) as hits,
            max(hit_number) as last_hit_number,
            max(page_views) as page_views,
            max(session_seconds) as session_seconds,
            count(distinct order_id) as orders
        from hits
        group by retailer, customer_id, session_id
    ),

    -- a visit that comes as one row has neither hits nor orders to count
    of_visits as (
        select
            retailer,
            customer_id,
            session_id,
            min(started_at) as started_at,
            min(store) as store,
            min(traffic_source) as traffic_source,
            min(device) as device,
            cast(null as {{ dbt.type_bigint() }}) as hits,
            cast(null as {{ dbt.type_bigint() }}) as last_hit_number,
            max(page_views) as page_views,
            max(session_seconds) as session_seconds,
            cast(null as {{ dbt.type_bigint() }}) as orders
        from visits
        group by retailer, customer_id, session_id
    ),

    sessions as (
        select *
        from of_hits

        union all

        select *
        from of_visits
    )

select *
from sessions
