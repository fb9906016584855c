{{ config(materialized='view') }}

{{
    union_staged(
        'demographics', {
        'customer_id': dbt.type_string(),
        'gender': dbt.type_string(),
        'age_band': dbt.type_string()
    }
    )
}}
