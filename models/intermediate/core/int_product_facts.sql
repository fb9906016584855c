with

    seeded as (select * from {{ ref('product_facts') }}),

    products as (select * from {{ ref('int_products__unioned') }}),

    {% set facts = {'product_id': dbt.type_string(), 'stock': 'double', 'margin': 'double'} %}

    added as (select * from {{ rows_added('product_facts', facts) }}),

    -- what a user adds beside the seed or in it is newer than what the product file says
    told as (
        select retailer, product_id, stock, margin, 1 as source_rank
        from added

        union all

        select retailer, product_id, stock, margin, 2 as source_rank
        from seeded

        union all

        select retailer, product_id, stock, margin, 3 as source_rank
        from products
        where stock is not null or margin is not null
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by retailer, product_id order by source_rank, stock, margin
            ) as fact_rank
        from told
    ),

    int_product_facts as (
        select retailer, product_id, stock, margin from ranked where fact_rank = 1
    )

select *
from int_product_facts
