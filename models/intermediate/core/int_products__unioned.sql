{{ config(materialized='view') }}

{{
    union_staged(
        'products', {
        'product_id': dbt.type_string(),
        'product_name': dbt.type_string(),
        'super_category': dbt.type_string(),
        'category': dbt.type_string(),
        'subcategory': dbt.type_string(),
        'unit_cost': numeric_type(),
        'margin': 'double',
        'stock': 'double'
    }
    )
}}
