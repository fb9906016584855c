with

    checked as (select * from {{ ref('int_order_lines__checked') }} where exclusion_reason is null),

    product_themes as (select * from {{ ref('product_themes') }}),

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
            count(*) over product as spellings,
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

    products as (
        select
            named.retailer,
            named.product_id,
            named.product_name,
            coalesce(themed.category, 'Other') as category,
            named.spellings,
            named.first_ordered_at,
            named.last_ordered_at
        from named
        left join
            themed on named.retailer = themed.retailer and named.product_id = themed.product_id
    )

select *
from products
