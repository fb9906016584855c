with

    checked as (select * from {{ ref('int_order_lines__checked') }} where exclusion_reason is null),

    product_themes as (select * from {{ ref('int_product_themes') }}),

    super_categories as (select * from {{ ref('int_super_categories') }}),

    classes as (select * from {{ ref('int_products__unioned') }}),

    -- a shop that maps no category to a super-category has its categories, or its own
    -- super-categories
    mapped as (select distinct retailer from super_categories),

    spellings as (
        select
            retailer,
            product_id,
            product_name,
            count(*) as order_lines,
            sum(amount) as revenue,
            min(ordered_at) as first_ordered_at,
            max(ordered_at) as last_ordered_at
        from checked
        group by retailer, product_id, product_name
    ),

    sold as (
        select retailer, product_id, sum(revenue) as revenue
        from spellings
        group by retailer, product_id
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
            named.retailer,
            named.product_id,
            coalesce(classes.product_name, named.product_name) as product_name,
            coalesce(
                classes.subcategory, classes.category, themed.category, 'Other Products'
            ) as subcategory,
            coalesce(classes.category, themed.category, 'Other Products') as category,
            classes.super_category,
            named.spellings,
            named.first_ordered_at,
            named.last_ordered_at
        from named
        left join
            classes on named.retailer = classes.retailer and named.product_id = classes.product_id
        left join
            themed on named.retailer = themed.retailer and named.product_id = themed.product_id
    ),

    grouped as (
        select
            classed.*,
            coalesce(
                super_categories.super_category,
                classed.super_category,
                case
                    when mapped.retailer is not null then 'Other Products' else classed.category
                end
            ) as named_super_category
        from classed
        left join
            super_categories
            on classed.retailer = super_categories.retailer
            and classed.category = super_categories.category
        left join mapped on classed.retailer = mapped.retailer
    ),

    revenues as (
        select
            grouped.retailer,
            grouped.named_super_category,
            row_number() over (
                partition by grouped.retailer
                order by
                    case when grouped.named_super_category = 'Other Products' then 1 else 0 end,
                    sum(sold.revenue) desc,
                    grouped.named_super_category
            ) as revenue_rank,
            count(*) over (partition by grouped.retailer) as super_categories
        from grouped
        inner join sold on grouped.retailer = sold.retailer and grouped.product_id = sold.product_id
        group by grouped.retailer, grouped.named_super_category
    ),

    products as (
        select
            grouped.retailer,
            grouped.product_id,
            coalesce(
                grouped.product_name, grouped.subcategory || ' ' || grouped.product_id
            ) as product_name,
            grouped.subcategory,
            grouped.category,
            case
                when revenues.super_categories > 13 and revenues.revenue_rank > 12
                then 'Other Products'
                else grouped.named_super_category
            end as super_category,
            grouped.spellings,
            grouped.first_ordered_at,
            grouped.last_ordered_at
        from grouped
        inner join
            revenues
            on grouped.retailer = revenues.retailer
            and grouped.named_super_category = revenues.named_super_category
    )

select *
from products
