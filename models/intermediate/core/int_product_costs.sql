with

    products as (select * from {{ ref('int_products__unioned') }}),

    facts as (select * from {{ ref('int_product_facts') }}),

    costed as (
        select retailer, product_id, min(unit_cost) as unit_cost
        from products
        where unit_cost is not null
        group by retailer, product_id
    ),

    -- a margin is a share of the price; what is none says nothing of the cost
    shares as (
        select retailer, product_id, {{ as_numeric(rounded("1 - margin", 6)) }} as cost_share
        from facts
        where margin between -1 and 1
    ),

    int_product_costs as (
        select
            coalesce(costed.retailer, shares.retailer) as retailer,
            coalesce(costed.product_id, shares.product_id) as product_id,
            costed.unit_cost,
            shares.cost_share
        from costed
        full outer join
            shares on costed.retailer = shares.retailer and costed.product_id = shares.product_id
    )

select *
from int_product_costs
