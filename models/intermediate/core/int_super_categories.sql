{{ config(materialized='view') }}

{{ rows_of_shops('super_categories', {'category': dbt.type_string(), 'super_category': dbt.type_string()}) }}
