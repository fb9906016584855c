with

    backtest as (
        select *
        from {{ ref('recommendation_backtest') }}
        where model = 'hybrid' and segment = 'all' and part = 'all' and fold = 0
    ),

    unruled as (select * from backtest where rule = 'none'),

    ruled as (select * from backtest where rule != 'none'),

    recommendation_rule_costs as (
        select
            ruled.retailer,
            ruled.list_name,
            ruled.rule,
            ruled.metric,
            ruled.k,
            ruled.customers,
            unruled.value as value_without,
            ruled.value as value_with,
            coalesce(ruled.difference, ruled.value - unruled.value) as change,
            ruled.difference_low as change_low,
            ruled.difference_high as change_high
        from ruled
        inner join
            unruled
            on ruled.retailer = unruled.retailer
            and ruled.list_name = unruled.list_name
            and ruled.metric = unruled.metric
            and ruled.k = unruled.k
    )

select *
from recommendation_rule_costs
