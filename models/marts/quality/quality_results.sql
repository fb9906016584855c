with

    results as (select * from {{ ref('int_quality_results__unioned') }}),

    quality_results as (
        select
            suite,
            relation,
            column_name,
            expectation,
            rule,
            severity,
            success,
            unexpected_count,
            element_count,
            observed
        from results
    )

select *
from quality_results
