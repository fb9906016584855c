{%- set columns = [
    'retailer', 'order_id', 'line_number', 'customer_id', 'product_id', 'product_name', 'country',
    'channel', 'store', 'ordered_at', 'quantity', 'unit_price'
] -%}

with

    order_lines as (select * from {{ ref('int_order_lines__unioned') }}),

    keyed as (
        select
            {{ columns | join(', ') }},
            {{ surrogate_key(columns + ['amount']) }} as line_key,
            coalesce(
                amount,
                cast(cast(quantity as {{ total_type() }}) * unit_price as {{ numeric_type() }})
            ) as amount
        from order_lines
    ),

    -- copies are alike in every column, so which of them comes first changes nothing
    numbered as (
        select *, row_number() over (partition by line_key order by line_key) as copy_number
        from keyed
    ),

    int_order_lines__identified as (
        select
            case
                when copy_number = 1 then line_key else line_key || '-' || copy_number
            end as order_line_id,
            {{ columns | join(', ') }},
            amount,
            copy_number
        from numbered
    )

select *
from int_order_lines__identified
