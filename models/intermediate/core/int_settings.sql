{{ config(materialized='view') }}

{% set values = settings() if execute else {} %}

with

    int_settings as (
        {% for name, value in values.items() %}
            select
                '{{ name }}' as name,
                '{{ dbt.escape_single_quotes(tojson(value)) }}' as value
                {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from int_settings
