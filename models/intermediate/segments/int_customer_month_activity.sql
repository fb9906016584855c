with

    borderline_lines as (select distinct order_line_id from {{ ref('int_borderline_lines') }}),

    movements as {{ inlined() }} (select * from {{ ref('int_movements') }}),

    -- what counted at every month end since it happened
    settled as {{ inlined() }} (
        select movements.*, {{ month_start('movements.ordered_on') }} as month_start
        from movements
        left join borderline_lines on movements.line_id = borderline_lines.order_line_id
        where borderline_lines.order_line_id is null
    ),

    int_customer_month_activity as (
        select
            retailer,
            customer_id,
            month_start,
            max(case when order_line_id is not null then ordered_at end) as last_ordered_at,
            count(order_line_id) as order_lines,
            {{ total('amount', total_type()) }} as revenue,
            {{ total('returned_amount', total_type()) }} as returned_revenue
        from settled
        group by retailer, customer_id, month_start
    )

select *
from int_customer_month_activity
