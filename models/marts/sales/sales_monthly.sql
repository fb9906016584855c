with

    order_lines as (select * from {{ ref('order_lines') }}),

    months as (
        select *, cast({{ dbt.date_trunc('month', 'ordered_on') }} as date) as month_start
        from order_lines
    ),

    sales_monthly as (
        select retailer, month_start, {{ sales_measures() }}
        from months
        group by retailer, month_start
    )

select *
from sales_monthly
