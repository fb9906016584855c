with

    source as (select * from {{ read_source('lpoint', 'product_classes') }}),

    stg_lpoint__products as (
        select
            -- -------- ids
            retailer,
            {{ product_code('pd_c') }} as product_id,

            -- -------- text
            cast(null as {{ dbt.type_string() }}) as product_name,
            cast(null as {{ dbt.type_string() }}) as super_category,
            clac_nm1 as category,
            clac_nm2 as category_group,
            clac_nm3 as subcategory,

            -- -------- numbers
            cast(null as {{ numeric_type() }}) as unit_cost,
            cast(null as double) as margin,
            cast(null as double) as stock
        from source
    )

select *
from stg_lpoint__products
