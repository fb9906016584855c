with

    order_lines as (select * from {{ ref('order_lines') }}),

    products as (select * from {{ ref('products') }}),

    retailers as (select * from {{ ref('retailers') }}),

    product_codes as (select * from {{ ref('int_product_codes') }} where item_id is not null),

    product_facts as (select * from {{ ref('int_product_facts') }}),

    sold as (
        select
            retailer,
            product_id,
            count(*) as order_lines,
            count(case when channel = 'online' then 1 end) as online_lines,
            {{ share('sum(amount - cost)', 'sum(case when cost is not null then amount end)') }}
            as margin
        from order_lines
        group by retailer, product_id
    ),

    itemised as (
        select
            products.retailer,
            product_codes.item_id,
            case
                when retailers.item_level = 'subcategory'
                then products.subcategory
                when retailers.item_level = 'category'
                then products.category
                else products.product_name
            end as item_name,
            products.product_id,
            products.category,
            products.super_category,
            sold.order_lines,
            sold.online_lines,
            product_facts.stock,
            coalesce(product_facts.margin, sold.margin) as margin
        from products
        inner join retailers on products.retailer = retailers.retailer
        inner join
            product_codes
            on products.retailer = product_codes.retailer
            and products.product_id = product_codes.product_id
        inner join
            sold on products.retailer = sold.retailer and products.product_id = sold.product_id
        left join
            product_facts
            on products.retailer = product_facts.retailer
            and products.product_id = product_facts.product_id
    ),

    -- what sells online leads: such a product can be offered in either channel
    ranked as (
        select
            *,
            row_number() over (
                partition by retailer, item_id
                order by online_lines desc, order_lines desc, product_id
            ) as product_rank
        from itemised
    ),

    described as (
        select
            retailer,
            item_id,
            max(case when product_rank = 1 then item_name end) as item_name,
            max(case when product_rank = 1 then product_id end) as product_id,
            max(case when product_rank = 1 then category end) as category,
            max(case when product_rank = 1 then super_category end) as super_category,
            {{ text_list('product_id', order_by='product_rank', separator='|') }} as product_ids,
            sum(online_lines) > 0 as sells_online,
            sum(stock) as stock,
            min(margin) as margin
        from ranked
        group by retailer, item_id
    ),

    int_items as (select *, {{ code_of('item_id') }} as item_code from described)

select *
from int_items
