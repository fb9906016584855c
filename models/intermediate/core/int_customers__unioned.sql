{{ config(materialized='view') }}

{{
    union_staged(
        'customers', {
        'customer_id': dbt.type_string(),
        'gender': dbt.type_string(),
        'age_band': dbt.type_string(),
        'birth_year': dbt.type_bigint(),
        'country': dbt.type_string(),
        'city': dbt.type_string(),
        'email': dbt.type_string(),
        'has_consented': 'boolean'
    }
    )
}}
