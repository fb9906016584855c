{{ config(materialized='view') }}

{{ rows_of_shops('recommendation_rules', {'list_name': dbt.type_string(), 'rule': dbt.type_string(), 'value': dbt.type_string()}) }}
