with

    order_lines as (select * from {{ ref('order_lines') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    order_codes as (select * from {{ ref('int_order_codes') }}),

    product_codes as (select * from {{ ref('int_product_codes') }}),

    int_coded_lines as (
        select
            order_lines.retailer,
            customer_codes.customer_code,
            order_codes.order_code,
            product_codes.product_code,
            order_lines.channel,
            order_lines.ordered_at,
            order_lines.quantity,
            order_lines.amount
        from order_lines
        inner join
            customer_codes
            on order_lines.retailer = customer_codes.retailer
            and order_lines.customer_id = customer_codes.customer_id
        inner join
            order_codes
            on order_lines.retailer = order_codes.retailer
            and order_lines.order_id = order_codes.order_id
        inner join
            product_codes
            on order_lines.retailer = product_codes.retailer
            and order_lines.product_id = product_codes.product_id
    )

select *
from int_coded_lines
