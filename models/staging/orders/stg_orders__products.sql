with

    source as (select * from {{ read_source('orders', 'products') }}),

    -- a product may be described on every line of an order; the description that most lines have
    -- counts
    counted as (
        select
            retailer,
            product_id,
            product_name,
            super_category,
            category,
            subcategory,
            unit_cost,
            margin,
            stock,
            count(*) as times
        from source
        group by
            retailer,
            product_id,
            product_name,
            super_category,
            category,
            subcategory,
            unit_cost,
            margin,
            stock
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by retailer, product_id
                order by
                    times desc,
                    product_name,
                    super_category,
                    category,
                    subcategory,
                    unit_cost,
                    margin,
                    stock
            ) as description_rank
        from counted
    ),

    stg_orders__products as (
        select
            -- -------- ids
            retailer,
            product_id,

            -- -------- text
            product_name,
            super_category,
            coalesce(category, super_category, subcategory) as category,
            coalesce(subcategory, category, super_category) as subcategory,

            -- -------- numbers
            unit_cost,
            cast(margin as double) as margin,
            cast(stock as double) as stock
        from ranked
        where description_rank = 1
    )

select *
from stg_orders__products
