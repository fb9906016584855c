-- Guards int_order_lines__checked -> order_lines + excluded_order_lines: a line lost, or counted
-- twice, between
-- the input and the two marts would make every figure wrong without any other sign.
with

    raw as (
        select
            retailer,
            count(*) as order_lines,
            sum(coalesce(amount, {{ line_amount('quantity', 'unit_price') }})) as amount
        from {{ ref('int_order_lines__unioned') }}
        group by retailer
    ),

    split as (
        select retailer, amount
        from {{ ref('order_lines') }}

        union all

        select retailer, amount
        from {{ ref('excluded_order_lines') }}
    ),

    accounted as (
        select retailer, count(*) as order_lines, sum(amount) as amount from split group by retailer
    )

select *
from raw
full outer join accounted on raw.retailer = accounted.retailer
where
    raw.order_lines is distinct from accounted.order_lines
    or raw.amount is distinct from accounted.amount
