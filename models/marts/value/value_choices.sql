with

    history as (select * from {{ ref('value_choice_history') }}),

    order_days as (
        select retailer, max(happened_on) as last_day
        from {{ ref('int_order_days') }}
        where orders > 0
        group by retailer
    ),

    horizons as (
        {% for days in value_horizons() %}
            select
                cast({{ days }} as {{ dbt.type_bigint() }}) as horizon_days
                {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    -- what was judged on later orders than these is not known yet
    known as (
        select
            history.*,
            row_number() over (
                partition by history.retailer, history.horizon_days
                order by history.judged_until desc, history.built_at desc, history.build_id
            ) as place
        from history
        inner join
            order_days
            on history.retailer = order_days.retailer
            and history.judged_until <= order_days.last_day
    ),

    value_choices as (
        select
            order_days.retailer,
            horizons.horizon_days,
            known.model,
            case
                when known.model is null
                then
                    'Not judged: the orders reach back too short a time, or too few customers ordered. '
                    || 'The forecasts are the model''s that lost on no shorter horizon.'
                when known.model = 'bg_nbd'
                then
                    'No model is significantly better than bg_nbd, which beats what they spent before.'
                when known.model = 'spent_before'
                then 'No other model is better than what they spent before.'
                when known.bg_nbd_mae is null
                then 'bg_nbd could not be fitted; ' || known.model || ' is the best of the others.'
                when known.bg_nbd_mae > known.spent_before_mae
                then 'bg_nbd loses to what they spent before, and ' || known.model || ' does not.'
                else
                    'A model is significantly better than bg_nbd, and '
                    || known.model
                    || ' is the best.'
            end as reason,
            known.mae,
            known.bg_nbd_mae,
            known.spent_before_mae,
            known.runner_up,
            known.runner_up_mae,
            known.bias,
            known.bias_low,
            known.bias_high,
            abs(known.bias) <= 0.1 as is_total_within_tenth,
            known.customers,
            known.judged_until
        from order_days
        cross join horizons
        left join
            known
            on order_days.retailer = known.retailer
            and horizons.horizon_days = known.horizon_days
            and known.place = 1
    )

select *
from value_choices
