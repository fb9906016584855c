with

    hits as (select * from {{ ref('int_hits__unioned') }}),

    sessions as (
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
    )

select *
from sessions
