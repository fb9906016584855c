with

    customer_monthly as (select * from {{ ref('customer_monthly') }}),

    customers as (
        select retailer, customer_id, {{ month_start('first_ordered_at') }} as cohort_month
        from {{ ref('customers') }}
    ),

    months as (select * from {{ ref('int_months') }}),

    sizes as (
        select retailer, cohort_month, count(*) as customers
        from customers
        group by retailer, cohort_month
    ),

    -- what was given back before any purchase that is known counts in the month of the first one
    placed as (
        select
            customers.retailer,
            customers.cohort_month,
            greatest(customer_monthly.month_start, customers.cohort_month) as month_start,
            customer_monthly.orders,
            customer_monthly.revenue,
            customer_monthly.net_revenue
        from customer_monthly
        inner join
            customers
            on customer_monthly.retailer = customers.retailer
            and customer_monthly.customer_id = customers.customer_id
    ),

    bought as (
        select
            retailer,
            cohort_month,
            month_start,
            sum(case when orders > 0 then 1 else 0 end) as active_customers,
            sum(orders) as orders,
            sum(revenue) as revenue,
            sum(net_revenue) as net_revenue
        from placed
        group by retailer, cohort_month, month_start
    ),

    -- months in which nobody of the cohort bought are there as well
    counted as (
        select
            sizes.retailer,
            sizes.cohort_month,
            cast(
                {{ dbt.datediff('sizes.cohort_month', 'months.month_start', 'month') }}
                as {{ dbt.type_bigint() }}
            ) as months_since,
            months.month_start,
            sizes.customers,
            cast(
                coalesce(bought.active_customers, 0) as {{ dbt.type_bigint() }}
            ) as active_customers,
            cast(coalesce(bought.orders, 0) as {{ dbt.type_bigint() }}) as orders,
            cast(coalesce(bought.revenue, 0) as {{ total_type() }}) as revenue,
            cast(coalesce(bought.net_revenue, 0) as {{ total_type() }}) as net_revenue,
            months.has_ended as is_complete,
            first_months.month_number = 1 as is_before_data
        from sizes
        inner join
            months on sizes.retailer = months.retailer and sizes.cohort_month <= months.month_start
        inner join
            months as first_months
            on sizes.retailer = first_months.retailer
            and sizes.cohort_month = first_months.month_start
        left join
            bought
            on sizes.retailer = bought.retailer
            and sizes.cohort_month = bought.cohort_month
            and months.month_start = bought.month_start
    ),

    cohorts as (
        select
            retailer,
            cohort_month,
            months_since,
            month_start,
            customers,
            active_customers,
            {{ share('active_customers', 'customers') }} as active_share,
            orders,
            revenue,
            net_revenue,
            cast(sum(revenue) over so_far as {{ total_type() }}) as cumulative_revenue,
            cast(sum(net_revenue) over so_far as {{ total_type() }}) as cumulative_net_revenue,
            {{ share('sum(revenue) over so_far', 'customers') }} as revenue_per_customer,
            {{ share('sum(net_revenue) over so_far', 'customers') }} as net_revenue_per_customer,
            is_complete,
            is_before_data
        from counted
        window so_far as (partition by retailer, cohort_month order by month_start)
    )

select *
from cohorts
