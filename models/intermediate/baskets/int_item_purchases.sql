with

    order_lines as (select * from {{ ref('order_lines') }}),

    products as (select * from {{ ref('products') }}),

    retailers as (select * from {{ ref('retailers') }}),

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

    int_item_purchases as (
        select
            retailer,
            customer_id,
            order_id,
            item_id,
            min(ordered_at) as ordered_at,
            max(channel) as channel,
            {{ total('quantity', total_type()) }} as units,
            {{ total('amount', total_type()) }} as amount
        from itemised
        group by retailer, customer_id, order_id, item_id
    )

select *
from int_item_purchases
