{{ config(materialized='view') }}

{{
    union_staged(
        'hits', {
        'customer_id': dbt.type_string(),
        'session_id': dbt.type_string(),
        'hit_number': dbt.type_bigint(),
        'order_id': dbt.type_string(),
        'action_type': dbt.type_bigint(),
        'store': dbt.type_string(),
        'traffic_source': dbt.type_string(),
        'device': dbt.type_string(),
        'hit_at': dbt.type_timestamp(),
        'page_views': dbt.type_bigint(),
        'session_seconds': dbt.type_bigint()
    }
    )
}}
