with

    products as (select * from {{ ref('products') }}),

    retailers as (select * from {{ ref('retailers') }}),

    itemised as (
        select
            products.retailer,
            products.product_id,
            case
                retailers.item_level
                when 'product'
                then products.product_id
                when 'subcategory'
                then products.subcategory
                when 'category'
                then products.category
            end as item_id
        from products
        inner join retailers on products.retailer = retailers.retailer
    ),

    int_product_codes as (
        select retailer, product_id, {{ code_of('product_id') }} as product_code, item_id
        from itemised
    )

select *
from int_product_codes
