with

    coded_lines as (select * from {{ ref('int_coded_lines') }}),

    returns as (select * from {{ ref('int_returns') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    bought as (
        select
            retailer,
            customer_code,
            order_code,
            cast(min(ordered_at) as date) as happened_on,
            max(ordered_at) as last_ordered_at,
            count(*) as order_lines,
            sum(amount) as revenue
        from coded_lines
        group by retailer, customer_code, order_code
    ),

    ordered as (
        select
            retailer,
            customer_code,
            happened_on,
            max(last_ordered_at) as last_ordered_at,
            count(*) as orders,
            sum(order_lines) as order_lines,
            sum(revenue) as revenue
        from bought
        group by retailer, customer_code, happened_on
    ),

    -- on its own day, not the order's: nobody knew of it before
    returned as (
        select
            returns.retailer,
            customer_codes.customer_code,
            cast(returns.ordered_at as date) as happened_on,
            sum(returns.amount) as money_back
        from returns
        inner join
            customer_codes
            on returns.retailer = customer_codes.retailer
            and returns.customer_id = customer_codes.customer_id
        group by returns.retailer, customer_codes.customer_code, cast(returns.ordered_at as date)
    ),

    int_order_days as (
        select
            coalesce(ordered.retailer, returned.retailer) as retailer,
            coalesce(ordered.customer_code, returned.customer_code) as customer_code,
            coalesce(ordered.happened_on, returned.happened_on) as happened_on,
            ordered.last_ordered_at,
            cast(coalesce(ordered.orders, 0) as {{ dbt.type_bigint() }}) as orders,
            cast(coalesce(ordered.order_lines, 0) as {{ dbt.type_bigint() }}) as order_lines,
            cast(coalesce(ordered.revenue, 0) as {{ total_type() }}) as revenue,
            cast(coalesce(returned.money_back, 0) as {{ total_type() }}) as money_back
        from ordered
        full outer join
            returned
            on ordered.retailer = returned.retailer
            and ordered.customer_code = returned.customer_code
            and ordered.happened_on = returned.happened_on
    )

select *
from int_order_days
