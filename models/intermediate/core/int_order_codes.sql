with

    orders as (select * from {{ ref('orders') }}),

    int_order_codes as (
        select retailer, order_id, {{ code_of('order_id') }} as order_code from orders
    )

select *
from int_order_codes
