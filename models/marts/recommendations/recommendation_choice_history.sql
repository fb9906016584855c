{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false
    )
}}

with

    -- of fewer customers than 30 an interval says nothing
    judged as (
        select *
        from {{ ref('recommendation_backtest') }}
        where
            rule = 'none'
            and metric = 'ndcg'
            and k = 10
            and segment = 'all'
            and part = 'all'
            and fold = 0
            and customers >= 30
    ),

    purchases as (
        select retailer, cast(max(ordered_at) as date) as judged_until
        from {{ ref('int_item_purchases') }}
        group by retailer
    ),

    -- the hybrid unless another is significantly better, else the best that none is better than
    ordered as (
        select
            *,
            row_number() over (
                partition by retailer, list_name
                order by
                    case when rival_lead_low > 0 then 1 else 0 end,
                    case when model = 'hybrid' then 0 else 1 end,
                    value desc,
                    model
            ) as place
        from judged
    ),

    chosen as (select * from ordered where place = 1),

    hybrid as (select * from judged where model = 'hybrid'),

    others as (
        select
            retailer,
            list_name,
            model,
            value,
            row_number() over (partition by retailer, list_name order by value desc, model) as place
        from ordered
        where place > 1
    ),

    recommendation_choice_history as (
        select
            {{ this_build() }},
            chosen.retailer,
            chosen.list_name,
            chosen.model,
            chosen.value as ndcg,
            hybrid.value as hybrid_ndcg,
            hybrid.rival as hybrid_rival,
            hybrid.rival_lead as hybrid_rival_lead,
            hybrid.rival_lead_low as hybrid_rival_lead_low,
            others.model as runner_up,
            others.value as runner_up_ndcg,
            chosen.customers,
            purchases.judged_until
        from chosen
        inner join
            hybrid on chosen.retailer = hybrid.retailer and chosen.list_name = hybrid.list_name
        left join
            others
            on chosen.retailer = others.retailer
            and chosen.list_name = others.list_name
            and others.place = 1
        inner join purchases on chosen.retailer = purchases.retailer
        where {{ is_new_to_history() }}
    )

select *
from recommendation_choice_history
