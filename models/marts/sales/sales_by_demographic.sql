with

    customers as (select * from {{ ref('customers') }}),

    sales_by_demographic as (
        select
            retailer,
            gender,
            age_band,
            count(*) as customers,
            {{ total('orders', dbt.type_bigint()) }} as orders,
            {{ total('order_lines', dbt.type_bigint()) }} as order_lines,
            {{ total('units', total_type()) }} as units,
            {{ total('revenue', total_type()) }} as revenue,
            {{ net_measures_of('customers') }},
            {{ share('sum(revenue)', 'count(*)') }} as revenue_per_customer,
            {{ share('sum(orders)', 'count(*)') }} as orders_per_customer
        from customers
        group by retailer, gender, age_band
    )

select *
from sales_by_demographic
