{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false
    )
}}

with

    whole as (
        select *
        from {{ ref('value_metrics') }}
        where measure = 'revenue' and segment = 'all' and fold = 0 and decile = 0
    ),

    -- of fewer customers than 30 an interval says nothing
    judged as (select * from whole where metric = 'mae' and customers >= 30),

    biases as (select * from whole where metric = 'bias'),

    order_days as (
        select retailer, max(happened_on) as judged_until
        from {{ ref('int_order_days') }}
        where orders > 0
        group by retailer
    ),

    -- none that loses to what they spent before; of the others BG/NBD unless one is significantly
    -- better, else the best that none is better than
    ordered as (
        select
            *,
            row_number() over (
                partition by retailer, horizon_days
                order by
                    case when lead < 0 then 1 else 0 end,
                    case when rival_lead_low > 0 then 1 else 0 end,
                    case when model = 'bg_nbd' then 0 else 1 end,
                    value,
                    model
            ) as place
        from judged
    ),

    others as (
        select
            retailer,
            horizon_days,
            model,
            value,
            row_number() over (partition by retailer, horizon_days order by value, model) as place
        from ordered
        where place > 1
    ),

    value_choice_history as (
        select
            {{ this_build() }},
            chosen.retailer,
            chosen.horizon_days,
            chosen.model,
            chosen.value as mae,
            bg_nbd.value as bg_nbd_mae,
            spent_before.value as spent_before_mae,
            others.model as runner_up,
            others.value as runner_up_mae,
            biases.value as bias,
            biases.ci_low as bias_low,
            biases.ci_high as bias_high,
            chosen.customers,
            order_days.judged_until
        from ordered as chosen
        inner join
            judged as spent_before
            on chosen.retailer = spent_before.retailer
            and chosen.horizon_days = spent_before.horizon_days
            and spent_before.model = 'spent_before'
        left join
            judged as bg_nbd
            on chosen.retailer = bg_nbd.retailer
            and chosen.horizon_days = bg_nbd.horizon_days
            and bg_nbd.model = 'bg_nbd'
        left join
            others
            on chosen.retailer = others.retailer
            and chosen.horizon_days = others.horizon_days
            and others.place = 1
        left join
            biases
            on chosen.retailer = biases.retailer
            and chosen.horizon_days = biases.horizon_days
            and chosen.model = biases.model
        inner join order_days on chosen.retailer = order_days.retailer
        where chosen.place = 1 and {{ is_new_to_history() }}
    )

select *
from value_choice_history
