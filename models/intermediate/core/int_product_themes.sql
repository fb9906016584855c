{{ config(materialized='view') }}

{{ rows_of_shops('product_themes', {'priority': dbt.type_bigint(), 'pattern': dbt.type_string(), 'theme': dbt.type_string()}) }}
