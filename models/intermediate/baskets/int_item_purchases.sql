with

    coded_lines as (select * from {{ ref('int_coded_lines') }}),

    dates as (select * from {{ ref('dates') }}),

    items as (select * from {{ ref('int_items') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    order_codes as (select * from {{ ref('int_order_codes') }}),

    product_codes as (select * from {{ ref('int_product_codes') }}),

    item_codes as (
        select product_codes.retailer, product_codes.product_code, items.item_code
        from product_codes
        inner join
            items
            on product_codes.retailer = items.retailer
            and product_codes.item_id = items.item_id
    ),

    purchased as (
        select
            coded_lines.retailer,
            coded_lines.customer_code,
            coded_lines.order_code,
            item_codes.item_code,
            min(coded_lines.ordered_at) as ordered_at,
            max(coded_lines.channel) as channel,
            count(*) as order_lines,
            {{ total('coded_lines.quantity', total_type()) }} as units,
            {{ total('coded_lines.amount', total_type()) }} as amount
        from coded_lines
        inner join
            item_codes
            on coded_lines.retailer = item_codes.retailer
            and coded_lines.product_code = item_codes.product_code
        group by
            coded_lines.retailer,
            coded_lines.customer_code,
            coded_lines.order_code,
            item_codes.item_code
    ),

    int_item_purchases as (
        select
            purchased.retailer,
            customer_codes.customer_id,
            purchased.customer_code,
            order_codes.order_id,
            purchased.order_code,
            items.item_id,
            purchased.item_code,
            purchased.ordered_at,
            dates.is_weekend or dates.is_holiday as is_day_off,
            purchased.channel,
            purchased.order_lines,
            purchased.units,
            purchased.amount
        from purchased
        inner join
            customer_codes
            on purchased.retailer = customer_codes.retailer
            and purchased.customer_code = customer_codes.customer_code
        inner join
            order_codes
            on purchased.retailer = order_codes.retailer
            and purchased.order_code = order_codes.order_code
        inner join
            items on purchased.retailer = items.retailer and purchased.item_code = items.item_code
        inner join
            dates
            on purchased.retailer = dates.retailer
            and cast(purchased.ordered_at as date) = dates.date_day
    )

select *
from int_item_purchases
