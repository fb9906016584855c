with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    order_lines as (
        select
            -- -------- ids
            retailer,
            order_line_id,
            order_id,
            customer_id,
            product_id,

            -- -------- times
            ordered_at,
            cast(ordered_at as date) as ordered_on,

            -- -------- numbers
            quantity,
            unit_price,
            amount,

            -- -------- text
            channel,
            store,
            country
        from checked
        where exclusion_reason is null
    )

select *
from order_lines
