with

    dates as (select * from {{ ref('dates') }}),

    customers as (select * from {{ ref('customers') }}),

    purchases as (
        select retailer, max(last_ordered_at) as last_ordered_at from customers group by retailer
    ),

    months as (
        select retailer, month_start, min(date_day) as first_day, max(date_day) as month_end
        from dates
        group by retailer, month_start
    ),

    int_months as (
        select
            months.retailer,
            months.month_start,
            months.month_end,
            cast(
                row_number() over (
                    partition by months.retailer order by months.month_start
                ) as {{ dbt.type_bigint() }}
            ) as month_number,
            months.first_day = months.month_start as is_known_from_its_first_day,
            months.month_end = {{ dbt.last_day('months.month_start', 'month') }} as has_ended
        from months
        inner join purchases on months.retailer = purchases.retailer
        where months.month_start <= purchases.last_ordered_at
    )

select *
from int_months
