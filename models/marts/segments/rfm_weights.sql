with

    rfm_contribution as (select * from {{ ref('rfm_contribution') }}),

    -- exact to nine decimals, so that the order of the sum decides nothing
    summed as (
        select
            retailer,
            dimension,
            cast(sum({{ as_decimal('contribution_effect', 28, 9) }}) as double) as effect_sum
        from rfm_contribution
        group by retailer, dimension
    ),

    whole as (
        select retailer, cast(sum({{ as_decimal('effect_sum', 28, 9) }}) as double) as effect_total
        from summed
        group by retailer
    ),

    rfm_weights as (
        select
            summed.retailer,
            summed.dimension,
            summed.effect_sum,
            {{ share('summed.effect_sum', 'whole.effect_total') }} as weight
        from summed
        inner join whole on summed.retailer = whole.retailer
    )

select *
from rfm_weights
