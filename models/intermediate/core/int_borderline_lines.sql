with

    bounds as (select * from {{ ref('int_outlier_bounds') }}),

    lines as (
        select
            retailer,
            order_line_id,
            customer_id,
            ordered_at,
            {{ month_start('ordered_at') }} as ordered_in,
            kind_within_bounds as kind,
            case when kind_within_bounds = 'return' then abs(amount) else amount end as amount
        from {{ ref('int_order_lines__checked') }}
        where kind_within_bounds is not null
    ),

    -- whatever lies between them is within the bounds of every month
    narrowest as (
        select retailer, max(lowest) as lowest, min(highest) as highest
        from bounds
        group by retailer
    ),

    doubtful as (
        select lines.*
        from lines
        inner join narrowest on lines.retailer = narrowest.retailer
        where not lines.amount between narrowest.lowest and narrowest.highest
    ),

    judged as (
        select
            doubtful.retailer,
            doubtful.order_line_id,
            doubtful.customer_id,
            doubtful.ordered_at,
            doubtful.kind,
            doubtful.amount,
            bounds.month_start,
            {{ is_within_bounds('doubtful.amount') }} as is_kept
        from doubtful
        inner join
            bounds
            on doubtful.retailer = bounds.retailer
            and doubtful.ordered_in <= bounds.month_start
    ),

    int_borderline_lines as (
        select *
        from judged
        qualify
            bool_or(is_kept) over (partition by order_line_id)
            and not bool_and(is_kept) over (partition by order_line_id)
    )

select *
from int_borderline_lines
