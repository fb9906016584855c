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
            {{ this_build() }},
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
        where {{ is_new_to_history() }}
    )

select *
from quality_history
