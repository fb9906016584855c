with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    cleaning_steps as (select * from {{ ref('int_cleaning_steps') }}),

    dropped as (
        select retailer, failed_step as step_number, count(*) as order_lines, sum(amount) as amount
        from checked
        group by retailer, failed_step
    ),

    totals as (
        select retailer, sum(order_lines) as order_lines, sum(amount) as amount
        from dropped
        group by retailer
    ),

    steps as (
        select retailer, 0 as step_number, 'raw' as step
        from totals

        union all

        select cleaning_steps.retailer, cleaning_steps.step_number, cleaning_steps.step
        from cleaning_steps
        inner join totals on cleaning_steps.retailer = totals.retailer
    ),

    counted as (
        select
            steps.retailer,
            steps.step_number,
            steps.step,
            coalesce(dropped.order_lines, 0) as lines_dropped,
            coalesce(dropped.amount, 0) as amount_dropped,
            totals.order_lines as raw_lines,
            totals.amount as raw_amount
        from steps
        inner join totals on steps.retailer = totals.retailer
        left join
            dropped on steps.retailer = dropped.retailer and steps.step_number = dropped.step_number
    ),

    cleaning_waterfall as (
        select
            retailer,
            cast(step_number as {{ dbt.type_bigint() }}) as step_number,
            step,
            cast(lines_dropped as {{ dbt.type_bigint() }}) as lines_dropped,
            cast(
                raw_lines - sum(lines_dropped) over so_far as {{ dbt.type_bigint() }}
            ) as lines_left,
            cast(amount_dropped as {{ total_type() }}) as amount_dropped,
            cast(raw_amount - sum(amount_dropped) over so_far as {{ total_type() }}) as amount_left
        from counted
        window so_far as (partition by retailer order by step_number nulls last)
    )

select *
from cleaning_waterfall
