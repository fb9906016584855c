with

    backtest as (select * from {{ ref('recommendation_backtest') }} where rule = 'none'),

    preference_errors as (select * from {{ ref('preference_errors') }}),

    recommendation_metrics as (
        select
            retailer,
            list_name,
            model,
            segment,
            part,
            fold,
            metric,
            k,
            customers,
            value,
            ci_low,
            ci_high,
            difference as hybrid_lead,
            difference_low as hybrid_lead_low,
            difference_high as hybrid_lead_high,
            rival,
            rival_lead,
            rival_lead_low
        from backtest
        union all
        select
            retailer,
            'preference' as list_name,
            model,
            'all' as segment,
            'all' as part,
            cast(0 as {{ dbt.type_bigint() }}) as fold,
            'rmse' as metric,
            cast(null as {{ dbt.type_bigint() }}) as k,
            customers,
            rmse as value,
            ci_low,
            ci_high,
            cast(null as double) as hybrid_lead,
            cast(null as double) as hybrid_lead_low,
            cast(null as double) as hybrid_lead_high,
            cast(null as {{ dbt.type_string() }}) as rival,
            cast(null as double) as rival_lead,
            cast(null as double) as rival_lead_low
        from preference_errors
    )

select *
from recommendation_metrics
