with

    months as (select * from {{ ref('int_months') }}),

    activity as (select * from {{ ref('int_customer_month_activity') }}),

    borderline_lines as (select * from {{ ref('int_borderline_lines') }} where is_kept),

    -- a customer stays as they are until the next month in which they buy or give back
    settled as (
        select
            retailer,
            customer_id,
            month_start as since,
            {{ until_next_month('customers') }} as until,
            max(last_ordered_at) over customers as last_ordered_at,
            sum(order_lines) over customers as order_lines,
            sum(revenue) over customers as revenue,
            sum(returned_revenue) over customers as returned_revenue
        from activity
        window customers as (partition by retailer, customer_id order by month_start)
    ),

    -- and what the bounds of that month let in, which those of another do not
    parts as (
        select
            settled.retailer,
            settled.customer_id,
            months.month_start,
            settled.last_ordered_at,
            settled.order_lines,
            settled.revenue,
            settled.returned_revenue
        from settled
        inner join
            months
            on settled.retailer = months.retailer
            and months.month_start >= settled.since
            and months.month_start < settled.until

        union all

        select
            retailer,
            customer_id,
            month_start,
            case when kind = 'purchase' then ordered_at end as last_ordered_at,
            case when kind = 'purchase' then 1 else 0 end as order_lines,
            case when kind = 'purchase' then amount else 0 end as revenue,
            case when kind = 'return' then amount else 0 end as returned_revenue
        from borderline_lines
    ),

    added_up as (
        select
            retailer,
            customer_id,
            month_start,
            max(last_ordered_at) as last_ordered_at,
            {{ total('order_lines', dbt.type_bigint()) }} as order_lines,
            {{ total('revenue', total_type()) }} as revenue,
            {{ total('returned_revenue', total_type()) }} as returned_revenue
        from parts
        group by retailer, customer_id, month_start
    ),

    -- who only ever gave back is not a customer yet
    int_customer_states as (
        select *, cast(revenue - returned_revenue as {{ total_type() }}) as net_revenue
        from added_up
        where order_lines > 0
    )

select *
from int_customer_states
