with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    months as (select * from {{ ref('int_months') }}),

    steps as (
        select retailer, max(step_number) as outlier_step, max(parameter) as most_deviations
        from {{ ref('int_cleaning_steps') }}
        where rule = 'amount_outlier'
        group by retailer
    ),

    -- the lines that the steps before left, as for the bounds of today
    judged_monthly as (
        select
            checked.retailer,
            {{ month_start('checked.ordered_at') }} as month_start,
            {{ moments('checked.amount') }}
        from checked
        inner join steps on checked.retailer = steps.retailer
        where coalesce(checked.failed_step, steps.outlier_step) >= steps.outlier_step
        group by checked.retailer, {{ month_start('checked.ordered_at') }}
    ),

    judged as (
        select
            months.retailer,
            months.month_start,
            max(steps.most_deviations) as most_deviations,
            sum(judged_monthly.judged) as judged,
            sum(judged_monthly.judged_sum) as judged_sum,
            sum(judged_monthly.judged_squares) as judged_squares
        from months
        inner join steps on months.retailer = steps.retailer
        inner join
            judged_monthly
            on months.retailer = judged_monthly.retailer
            and months.month_start >= judged_monthly.month_start
        group by months.retailer, months.month_start
    ),

    int_outlier_bounds as (
        select retailer, month_start, {{ outlier_bounds('most_deviations') }} from judged
    )

select *
from int_outlier_bounds
