{{ config(materialized='view') }}

{{ rows_of_shops('service_lines', {'product_name': dbt.type_string()}) }}
