{{ config(materialized='view') }}

{{
    union_staged(
        'weather', {
        'date_day': 'date',
        'mean_temperature': 'double',
        'rainfall': 'double'
    }
    )
}}
