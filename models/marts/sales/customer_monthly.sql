with

    movements as (select * from {{ ref('int_movements') }}),

    customers as (select * from {{ ref('customers') }}),

    months as (
        select movements.*, {{ month_start('movements.ordered_on') }} as month_start
        from movements
        inner join
            customers
            on movements.retailer = customers.retailer
            and movements.customer_id = customers.customer_id
    ),

    customer_monthly as (
        select retailer, customer_id, month_start, {{ sales_measures(by_customer=true) }}
        from months
        group by retailer, customer_id, month_start
    )

select *
from customer_monthly
