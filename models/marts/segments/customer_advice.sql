with

    groups as (select * from {{ ref('int_customer_groups') }}),

    texts as (select * from {{ ref('group_advice_texts') }}),

    conditions as (select * from {{ ref('int_customer_conditions') }}),

    addressed as (
        select
            groups.retailer,
            groups.customer_id,
            groups.grouping_name,
            groups.group_name,
            texts.advice_number,
            texts.advice_en,
            texts.advice_ko,
            texts.condition
        from groups
        inner join
            texts
            on groups.retailer = texts.retailer
            and groups.grouping_name = texts.grouping_name
            and groups.group_name = texts.group_name
    ),

    {% set columns %}
        addressed.retailer,
        addressed.customer_id,
        addressed.grouping_name,
        addressed.group_name,
        addressed.advice_number,
        addressed.advice_en,
        addressed.advice_ko
    {% endset %}
    customer_advice as (
        select {{ columns }}
        from addressed
        where condition is null

        union all

        select {{ columns }}
        from addressed
        inner join
            conditions
            on addressed.retailer = conditions.retailer
            and addressed.customer_id = conditions.customer_id
            and addressed.condition = conditions.condition
        where conditions.grouping_name is null or conditions.grouping_name = addressed.grouping_name
    )

select *
from customer_advice
