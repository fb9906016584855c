with

    checked as (select * from {{ ref('int_order_lines__checked') }} where exclusion_reason is null),

    product_themes as (select * from {{ ref('product_themes') }}),

    super_categories as (select * from {{ ref('super_categories') }}),

    classes as (select * from {{ ref('int_product_classes__unioned') }}),

    spellings as (
        select
            retailer,
            product_id,
            product_name,
            count(*) as order_lines,
            min(ordered_at) as first_ordered_at,
            max(ordered_at) as last_ordered_at
        from checked
        group by retailer, product_id, product_name
    ),

    ranked as (
        select
            retailer,
            product_id,
            product_name,
            min(first_ordered_at) over product as first_ordered_at,
            max(last_ordered_at) over product as last_ordered_at,
            count(product_name) over product as spellings,
            row_number() over (
                partition by retailer, product_id
                order by order_lines desc, last_ordered_at desc, product_name
            ) as spelling_rank
        from spellings
        window product as (partition by retailer, product_id)
    ),

    named as (select * from ranked where spelling_rank = 1),

    themed as (
        select
            named.retailer,
            named.product_id,
            min_by(product_themes.theme, product_themes.priority) as category
        from named
        inner join
            product_themes
            on named.retailer = product_themes.retailer
            and ' ' || upper(named.product_name) || ' ' like product_themes.pattern
        group by named.retailer, named.product_id
    ),

    classed as (
        select
            named.*,
            coalesce(classes.category, themed.category, 'Other Products') as category,
            coalesce(classes.subcategory, themed.category, 'Other Products') as subcategory
        from named
        left join
            classes on named.retailer = classes.retailer and named.product_id = classes.product_id
        left join
            themed on named.retailer = themed.retailer and named.product_id = themed.product_id
    ),

    products as (
        select
            classed.retailer,
            classed.product_id,
            coalesce(
                classed.product_name, classed.subcategory || ' ' || classed.product_id
            ) as product_name,
            classed.subcategory,
            classed.category,
            coalesce(super_categories.super_category, 'Other Products') as super_category,
            classed.spellings,
            classed.first_ordered_at,
            classed.last_ordered_at
        from classed
        left join
            super_categories
            on classed.retailer = super_categories.retailer
            and classed.category = super_categories.category
    )

select *
from products
