{{ config(materialized='view') }}

with

    int_quality_results__unioned as (
        select *
        from {{ ref('quality_staging') }}

        union all

        select *
        from {{ ref('quality_core') }}

        union all

        select *
        from {{ ref('quality_marts') }}
    )

select *
from int_quality_results__unioned
