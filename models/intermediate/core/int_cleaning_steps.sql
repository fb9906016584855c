{{ config(materialized='view') }}

{{ rows_of_shops('cleaning_steps', {'step_number': dbt.type_int(), 'step': dbt.type_string(), 'rule': dbt.type_string(), 'parameter': 'double'}) }}
