{% set models = var('recommendation_models') %}

with

    history as (select * from {{ ref('recommendation_choice_history') }}),

    purchases as (
        select retailer, cast(max(ordered_at) as date) as last_day
        from {{ ref('int_item_purchases') }}
        group by retailer
    ),

    lists as (select list_name from {{ ref('recommendation_list_names') }}),

    models as (
        select
            model,
            is_always_fitted
            {% if models == 'all' %} or true
            {% else %}
                or model in (
                    {% for model in models.split(',') %}
                        '{{ model | trim }}' {{ ',' if not loop.last }}
                    {% endfor %}
                )
            {% endif %} as is_available
        from {{ ref('recommendation_model_names') }}
    ),

    -- what was judged on later purchases than these is not known yet
    known as (
        select
            history.*,
            coalesce(models.is_available, false) as is_available,
            row_number() over (
                partition by history.retailer, history.list_name
                order by history.judged_until desc, history.built_at desc, history.build_id
            ) as place
        from history
        inner join
            purchases
            on history.retailer = purchases.retailer
            and history.judged_until <= purchases.last_day
        left join models on history.model = models.model
    ),

    latest as (
        select
            purchases.retailer,
            lists.list_name,
            known.model as chosen,
            case when known.is_available then known.model else 'hybrid' end as model,
            case when known.is_available then known.ndcg else known.hybrid_ndcg end as ndcg,
            known.hybrid_ndcg,
            known.hybrid_rival,
            known.hybrid_rival_lead,
            known.hybrid_rival_lead_low,
            case when known.is_available then known.runner_up end as runner_up,
            case when known.is_available then known.runner_up_ndcg end as runner_up_ndcg,
            known.customers,
            known.judged_until
        from purchases
        cross join lists
        left join
            known
            on purchases.retailer = known.retailer
            and lists.list_name = known.list_name
            and known.place = 1
    ),

    recommendation_choices as (
        select
            retailer,
            list_name,
            model,
            case
                when chosen is null
                then 'Not judged yet, and the hybrid''s until it is.'
                when chosen != model
                then
                    'The hybrid, since '
                    || chosen
                    || ' was chosen and is not among recommendation_models.'
                when model = 'hybrid'
                then 'No model is significantly better than the hybrid.'
                else
                    'The hybrid is significantly worse than '
                    || hybrid_rival
                    || ', by '
                    || cast({{ rounded('hybrid_rival_lead', 3) }} as {{ dbt.type_string() }})
                    || ' and at least '
                    || cast({{ rounded('hybrid_rival_lead_low', 3) }} as {{ dbt.type_string() }})
                    || '; '
                    || model
                    || ' is the best, and no model is significantly better.'
            end as reason,
            ndcg,
            hybrid_ndcg,
            runner_up,
            runner_up_ndcg,
            customers,
            judged_until
        from latest
    )

select *
from recommendation_choices
