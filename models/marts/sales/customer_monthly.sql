with

    order_lines as (select * from {{ ref('order_lines') }}),

    months as (select *, {{ month_start('ordered_on') }} as month_start from order_lines),

    customer_monthly as (
        select
            retailer,
            customer_id,
            month_start,
            count(distinct order_id) as orders,
            count(*) as order_lines,
            {{ total('quantity', total_type()) }} as units,
            {{ total('amount', total_type()) }} as revenue
        from months
        group by retailer, customer_id, month_start
    )

select *
from customer_monthly
