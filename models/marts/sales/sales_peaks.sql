with

    sales_daily as (select * from {{ ref('sales_daily') }}),

    sales_monthly as (select * from {{ ref('sales_monthly') }}),

    periods as (
        select retailer, 'day' as period, date_day as period_start, revenue
        from sales_daily

        union all

        select retailer, 'month' as period, month_start as period_start, revenue
        from sales_monthly
    ),

    compared as (
        select
            *,
            count(*) over (partition by retailer, period) as periods,
            cast(sum(revenue) over (partition by retailer, period) as double) as total_revenue,
            row_number() over (
                partition by retailer, period order by revenue desc, period_start
            ) as revenue_rank
        from periods
    ),

    sales_peaks as (
        select
            retailer,
            period,
            period_start as peak_start,
            revenue as peak_revenue,
            periods,
            total_revenue / periods as mean_revenue,
            cast(revenue as double) / nullif(total_revenue / periods, 0) - 1 as share_above_mean
        from compared
        where revenue_rank = 1
    )

select *
from sales_peaks
