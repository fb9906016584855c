-- Guards the lists: of the models judged on a list, none may be significantly better than the one
-- that makes it. `rival` is the one that is most surely better than a model, and the lower bounds
-- of all leads over it hold together. Fewer than 30 customers are too few for that.
with

    choices as (select * from {{ ref('recommendation_choices') }}),

    judged as (
        select *
        from {{ ref('recommendation_metrics') }}
        where
            metric = 'ndcg'
            and k = 10
            and segment = 'all'
            and part = 'all'
            and fold = 0
            and customers >= 30
    )

select
    choices.retailer,
    choices.list_name,
    choices.model,
    judged.value,
    judged.rival,
    judged.rival_lead,
    judged.rival_lead_low
from choices
left join
    judged
    on choices.retailer = judged.retailer
    and choices.list_name = judged.list_name
    and choices.model = judged.model
where
    judged.rival_lead_low > 0
    -- judged, but not the model that was chosen
    or (
        judged.model is null
        and exists (
            select 1
            from judged as others
            where others.retailer = choices.retailer and others.list_name = choices.list_name
        )
    )
