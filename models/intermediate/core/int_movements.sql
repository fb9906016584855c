{{ config(materialized='view') }}

with

    order_lines as {{ inlined() }} (select * from {{ ref('order_lines') }}),

    returns as {{ inlined() }} (select * from {{ ref('int_returns') }}),

    -- what comes back is of no order: the orders and buyers of a day are those who bought on it
    int_movements as (
        select
            retailer,
            order_line_id as line_id,
            order_line_id,
            order_id,
            customer_id as buyer_id,
            customer_id,
            product_id,
            ordered_at,
            ordered_on,
            channel,
            store,
            country,
            quantity,
            amount,
            discount,
            cost,
            cast(0 as {{ numeric_type() }}) as returned_quantity,
            cast(0 as {{ numeric_type() }}) as returned_amount
        from order_lines

        union all

        select
            retailer,
            order_line_id as line_id,
            null as order_line_id,
            null as order_id,
            null as buyer_id,
            customer_id,
            product_id,
            ordered_at,
            cast(ordered_at as date) as ordered_on,
            channel,
            store,
            country,
            cast(0 as {{ numeric_type() }}) as quantity,
            cast(0 as {{ numeric_type() }}) as amount,
            null as discount,
            null as cost,
            units as returned_quantity,
            amount as returned_amount
        from returns
    )

select *
from int_movements
