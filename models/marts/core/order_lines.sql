with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    costs as (select * from {{ ref('int_product_costs') }}),

    order_lines as (
        select
            -- -------- ids
            checked.retailer,
            checked.order_line_id,
            checked.order_id,
            checked.customer_id,
            checked.product_id,

            -- -------- times
            checked.ordered_at,
            cast(checked.ordered_at as date) as ordered_on,

            -- -------- numbers
            checked.quantity,
            checked.unit_price,
            checked.amount,
            checked.discount,
            cast(
                coalesce(
                    checked.quantity * coalesce(checked.unit_cost, costs.unit_cost),
                    round(checked.amount * costs.cost_share, 4)
                ) as {{ numeric_type() }}
            ) as cost,

            -- -------- text
            checked.channel,
            checked.store,
            checked.country
        from checked
        left join
            costs on checked.retailer = costs.retailer and checked.product_id = costs.product_id
        where checked.exclusion_reason is null
    )

select *
from order_lines
