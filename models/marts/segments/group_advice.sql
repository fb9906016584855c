with

    texts as (select * from {{ ref('group_advice_texts') }}),

    customer_advice as (select * from {{ ref('customer_advice') }}),

    groups as (select * from {{ ref('int_group_facts') }}),

    conditions as (select * from {{ ref('advice_conditions') }}),

    reached as (
        select retailer, grouping_name, group_name, advice_number, count(*) as customers
        from customer_advice
        group by retailer, grouping_name, group_name, advice_number
    ),

    group_advice as (
        select
            texts.retailer,
            texts.grouping_name,
            texts.group_name,
            texts.advice_number,
            texts.advice_en,
            texts.advice_ko,
            -- a condition that everybody meets need not be said
            case
                when reached.customers < groups.customers then conditions.condition_en
            end as condition_en,
            case
                when reached.customers < groups.customers then conditions.condition_ko
            end as condition_ko,
            reached.customers,
            {{ share('reached.customers', 'groups.customers') }} as customer_share
        from texts
        inner join
            reached
            on texts.retailer = reached.retailer
            and texts.grouping_name = reached.grouping_name
            and texts.group_name = reached.group_name
            and texts.advice_number = reached.advice_number
        inner join
            groups
            on texts.retailer = groups.retailer
            and texts.grouping_name = groups.grouping_name
            and texts.group_name = groups.group_name
        left join conditions on texts.condition = conditions.condition
    )

select *
from group_advice
