with

    order_lines as (select * from {{ ref('order_lines') }}),

    orders as (select * from {{ ref('orders') }}),

    products as (select * from {{ ref('products') }}),

    retailers as (select * from {{ ref('retailers') }}),

    dates as (select * from {{ ref('dates') }}),

    items as (select * from {{ ref('int_items') }}),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    order_codes as (select retailer, order_id, {{ code_of('order_id') }} as order_code from orders),

    itemised as (
        select
            order_lines.*,
            case
                when retailers.item_level = 'subcategory'
                then products.subcategory
                when retailers.item_level = 'category'
                then products.category
                else order_lines.product_id
            end as item_id
        from order_lines
        inner join retailers on order_lines.retailer = retailers.retailer
        inner join
            products
            on order_lines.retailer = products.retailer
            and order_lines.product_id = products.product_id
        where retailers.item_level <> 'none'
    ),

    purchased as (
        select
            retailer,
            customer_id,
            order_id,
            item_id,
            min(ordered_at) as ordered_at,
            max(channel) as channel,
            count(*) as order_lines,
            {{ total('quantity', total_type()) }} as units,
            {{ total('amount', total_type()) }} as amount
        from itemised
        group by retailer, customer_id, order_id, item_id
    ),

    -- ids are numbered where each is there once, never among the lines
    int_item_purchases as (
        select
            purchased.retailer,
            purchased.customer_id,
            customer_codes.customer_code,
            purchased.order_id,
            order_codes.order_code,
            purchased.item_id,
            items.item_code,
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
            and purchased.customer_id = customer_codes.customer_id
        inner join
            order_codes
            on purchased.retailer = order_codes.retailer
            and purchased.order_id = order_codes.order_id
        inner join
            items on purchased.retailer = items.retailer and purchased.item_id = items.item_id
        inner join
            dates
            on purchased.retailer = dates.retailer
            and cast(purchased.ordered_at as date) = dates.date_day
    )

select *
from int_item_purchases
