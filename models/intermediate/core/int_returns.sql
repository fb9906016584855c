with

    checked as (select * from {{ ref('int_order_lines__checked') }} where is_return),

    int_returns as (
        select
            retailer,
            order_line_id,
            order_id,
            customer_id,
            product_id,
            ordered_at,
            cast(coalesce(abs(quantity), 0) as {{ numeric_type() }}) as units,
            cast(abs(amount) as {{ numeric_type() }}) as amount,
            channel,
            store,
            country
        from checked
    )

select *
from int_returns
