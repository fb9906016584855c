with

    source as (select * from {{ read_source('lpoint', 'product_classes') }}),

    stg_lpoint__products as (
        select
            -- -------- ids
            {{ product_code('pd_c') }} as product_id,

            -- -------- text
            clac_nm1 as category,
            clac_nm2 as category_group,
            clac_nm3 as subcategory
        from source
    )

select *
from stg_lpoint__products
