with

    movements as (select * from {{ ref('int_movements') }}),

    dates as (select * from {{ ref('dates') }}),

    spans as (
        select retailer, min(date_day) as first_day, max(date_day) as last_day
        from dates
        group by retailer
    ),

    months as (select *, {{ month_start('ordered_on') }} as month_start from movements),

    measured as (
        select retailer, month_start, {{ sales_measures() }}
        from months
        group by retailer, month_start
    ),

    bounded as (
        select
            measured.*,
            spans.first_day <= measured.month_start
            and spans.last_day >= {{ dbt.last_day('measured.month_start', 'month') }} as is_complete
        from measured
        inner join spans on measured.retailer = spans.retailer
    ),

    sales_monthly as (
        select
            bounded.*,
            case
                when bounded.is_complete and before.is_complete
                then {{ share('bounded.revenue', 'before.revenue') }} - 1
            end as revenue_change
        from bounded
        left join
            bounded as before
            on bounded.retailer = before.retailer
            and bounded.month_start = {{ dbt.dateadd('month', 1, 'before.month_start') }}
    )

select *
from sales_monthly
