{{ config(materialized='view') }}

{{
    union_staged(
        'visits', {
        'customer_id': dbt.type_string(),
        'session_id': dbt.type_string(),
        'store': dbt.type_string(),
        'traffic_source': dbt.type_string(),
        'device': dbt.type_string(),
        'started_at': dbt.type_timestamp(),
        'page_views': dbt.type_bigint(),
        'session_seconds': dbt.type_bigint()
    }
    )
}}
