with

    segment_names as (select * from {{ ref('rfm_segment_names') }}),

    advice as (select * from {{ ref('advice') }} where grouping_name = 'segment'),

    conditions as (select * from {{ ref('advice_conditions') }}),

    lists as (select * from {{ ref('strategy_lists') }} where grouping_name = 'segment'),

    worded as (
        select
            advice.group_name as rfm_segment,
            {{ general_advice('en') }} as actions_en,
            {{ general_advice('ko') }} as actions_ko
        from advice
        left join conditions on advice.condition = conditions.condition
        group by advice.group_name
    ),

    segment_strategies as (
        select
            segment_names.rfm_segment,
            segment_names.rfm_segment_ko,
            segment_names.goal_en,
            segment_names.goal_ko,
            worded.actions_en,
            worded.actions_ko,
            lists.list_name
        from segment_names
        left join worded on segment_names.rfm_segment = worded.rfm_segment
        left join lists on segment_names.rfm_segment = lists.group_name
    )

select *
from segment_strategies
