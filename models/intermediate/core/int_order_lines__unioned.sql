{{ config(materialized='view') }}

{{
    union_staged(
        'order_lines', {
        'order_id': dbt.type_string(),
        'line_number': dbt.type_bigint(),
        'customer_id': dbt.type_string(),
        'product_id': dbt.type_string(),
        'product_name': dbt.type_string(),
        'country': dbt.type_string(),
        'channel': dbt.type_string(),
        'store': dbt.type_string(),
        'ordered_at': dbt.type_timestamp(),
        'quantity': numeric_type(),
        'unit_price': numeric_type(),
        'amount': numeric_type(),
        'discount': numeric_type(),
        'unit_cost': numeric_type()
    }
    )
}}
