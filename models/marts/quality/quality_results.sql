with

    results as (
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
    ),

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
