-- Guards cleaning_waterfall: its last step must leave exactly the kept lines and their amount,
-- and each step as
-- many as the one before less what it dropped; otherwise the published funnel is not the one the
-- marts rest on.
with

    waterfall as (
        select
            *,
            lag(lines_left) over by_step as lines_before,
            lag(amount_left) over by_step as amount_before,
            lead(step_number) over by_step as next_step
        from {{ ref('cleaning_waterfall') }}
        window by_step as (partition by retailer order by step_number nulls last)
    ),

    kept as (
        select retailer, count(*) as order_lines, sum(amount) as amount
        from {{ ref('order_lines') }}
        group by retailer
    )

select waterfall.*
from waterfall
left join kept on waterfall.retailer = kept.retailer
where
    lines_left <> lines_before - lines_dropped
    or amount_left <> amount_before - amount_dropped
    or (
        next_step is null
        and (lines_left <> coalesce(kept.order_lines, 0) or amount_left <> coalesce(kept.amount, 0))
    )
