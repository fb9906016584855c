{{ config(materialized='view') }}

with

    int_quality_results__unioned as (
        {% for retailer in enabled_retailers() %}
            select *
            from {{ ref('quality_' ~ retailer ~ '_staging') }}

            union all
        {% endfor %}
        select *
        from {{ ref('quality_core') }}

        union all

        select *
        from {{ ref('quality_marts') }}
    )

select *
from int_quality_results__unioned
