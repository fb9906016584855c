with

    customer_palette as (select * from {{ ref('customer_palette') }}),

    scores as (select * from {{ ref('customer_category_scores') }}),

    sizes as (
        select retailer, palette_group, count(*) as group_customers
        from customer_palette
        group by retailer, palette_group
    ),

    preferred as (
        select
            customer_palette.retailer,
            customer_palette.palette_group,
            scores.super_category,
            count(*) as customers,
            {{ exact_mean('scores.pf_score', of='max(sizes.group_customers)') }} as mean_pf_score
        from customer_palette
        inner join
            sizes
            on customer_palette.retailer = sizes.retailer
            and customer_palette.palette_group = sizes.palette_group
        inner join
            scores
            on customer_palette.retailer = scores.retailer
            and customer_palette.customer_id = scores.customer_id
        group by customer_palette.retailer, customer_palette.palette_group, scores.super_category
    ),

    palette_category_preferences as (
        select
            *,
            cast(
                row_number() over (
                    partition by retailer, palette_group order by mean_pf_score desc, super_category
                ) as {{ dbt.type_bigint() }}
            ) as preference_rank
        from preferred
    )

select *
from palette_category_preferences
