with

    groups as (select * from {{ ref('int_customer_groups') }}),

    texts as (select * from {{ ref('group_advice_texts') }}),

    conditions as (select * from {{ ref('int_customer_conditions') }}),

    customer_advice as (
        select
            groups.retailer,
            groups.customer_id,
            groups.grouping_name,
            groups.group_name,
            texts.advice_number,
            texts.advice_en,
            texts.advice_ko
        from groups
        inner join
            texts
            on groups.retailer = texts.retailer
            and groups.grouping_name = texts.grouping_name
            and groups.group_name = texts.group_name
        left join
            conditions
            on groups.retailer = conditions.retailer
            and groups.customer_id = conditions.customer_id
            and texts.condition = conditions.condition
            and groups.grouping_name = coalesce(conditions.grouping_name, groups.grouping_name)
        where texts.condition is null or conditions.condition is not null
    )

select *
from customer_advice
