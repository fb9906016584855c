with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    excluded_order_lines as (
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
            country,
            product_name,

            -- -------- why
            failed_step as step_number,
            exclusion_reason
        from checked
        where exclusion_reason is not null
    )

select *
from excluded_order_lines
