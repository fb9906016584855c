with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    costs as (select * from {{ ref('int_product_costs') }}),

    order_lines as (
        select
            {{ line_columns('checked') }},
            cast(
                coalesce(
                    checked.quantity * coalesce(checked.unit_cost, costs.unit_cost),
                    round(checked.amount * costs.cost_share, 4)
                ) as {{ numeric_type() }}
            ) as cost
        from checked
        left join
            costs on checked.retailer = costs.retailer and checked.product_id = costs.product_id
        where checked.exclusion_reason is null
    )

select *
from order_lines
