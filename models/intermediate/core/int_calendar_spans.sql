with

    order_lines as (select * from {{ ref('int_order_lines__unioned') }}),

    retailers as (select * from {{ ref('retailers') }}),

    spans as (
        select
            retailer,
            cast(min(ordered_at) as date) as first_day,
            cast(max(ordered_at) as date) as last_day
        from order_lines
        group by retailer
    ),

    int_calendar_spans as (
        select
            spans.retailer,
            retailers.country_code,
            retailers.subdivision,
            spans.first_day,
            spans.last_day
        from spans
        inner join retailers on spans.retailer = retailers.retailer
    )

select *
from int_calendar_spans
