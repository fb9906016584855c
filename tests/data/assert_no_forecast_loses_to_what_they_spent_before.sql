-- Guards the forecasts: of the models judged on a horizon, none that errs more than what customers
-- spent before may make it, nor one that another is significantly better than and that need not be.
-- Fewer than 30 customers are too few for that.
with

    shipped as (select distinct retailer, horizon_days, model from {{ ref('value_forecasts') }}),

    judged as (
        select *
        from {{ ref('value_metrics') }}
        where
            measure = 'revenue'
            and metric = 'mae'
            and segment = 'all'
            and fold = 0
            and decile = 0
            and customers >= 30
    )

select
    shipped.retailer,
    shipped.horizon_days,
    shipped.model,
    judged.value,
    judged.lead,
    judged.rival,
    judged.rival_lead_low
from shipped
left join
    judged
    on shipped.retailer = judged.retailer
    and shipped.horizon_days = judged.horizon_days
    and shipped.model = judged.model
where
    judged.lead < 0
    or (judged.rival_lead_low > 0 and shipped.model <> 'spent_before')
    -- judged, but not the model that ships
    or (
        judged.model is null
        and exists (
            select 1
            from judged as others
            where others.retailer = shipped.retailer and others.horizon_days = shipped.horizon_days
        )
    )
