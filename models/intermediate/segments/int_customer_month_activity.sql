with

    borderline_lines as (select distinct order_line_id from {{ ref('int_borderline_lines') }}),

    movements as {{ inlined() }} (
        select
            retailer,
            order_line_id,
            customer_id,
            ordered_on,
            ordered_at as purchased_at,
            1 as order_lines,
            amount,
            cast(0 as {{ numeric_type() }}) as returned_amount
        from {{ ref('order_lines') }}

        union all

        select
            retailer,
            order_line_id,
            customer_id,
            cast(ordered_at as date) as ordered_on,
            null as purchased_at,
            0 as order_lines,
            cast(0 as {{ numeric_type() }}) as amount,
            amount as returned_amount
        from {{ ref('int_returns') }}
    ),

    -- what counted at every month end since it happened
    settled as {{ inlined() }} (
        select movements.*, {{ month_start('movements.ordered_on') }} as month_start
        from movements
        left join borderline_lines on movements.order_line_id = borderline_lines.order_line_id
        where borderline_lines.order_line_id is null
    ),

    int_customer_month_activity as (
        select
            retailer,
            customer_id,
            month_start,
            max(purchased_at) as last_ordered_at,
            {{ total('order_lines', dbt.type_bigint()) }} as order_lines,
            {{ total('amount', total_type()) }} as revenue,
            {{ total('returned_amount', total_type()) }} as returned_revenue
        from settled
        group by retailer, customer_id, month_start
    )

select *
from int_customer_month_activity
