{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false
    )
}}

with

    results as (select * from {{ ref('int_quality_results__unioned') }}),

    quality_history as (
        select
            '{{ invocation_id }}' as build_id,
            cast(
                '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
                as {{ dbt.type_timestamp() }}
            ) as built_at,
            suite,
            relation,
            column_name,
            expectation,
            rule,
            severity,
            success,
            unexpected_count,
            element_count
        from results
        {% if is_incremental() %}
            where '{{ invocation_id }}' not in (select build_id from {{ this }})
        {% endif %}
    )

select *
from quality_history
