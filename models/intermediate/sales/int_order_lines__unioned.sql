{%- set columns = [
    'order_id', 'customer_id', 'product_id', 'product_name', 'country', 'channel', 'ordered_at',
    'quantity', 'unit_price'
] -%}

with

    unioned as (
        {% for retailer in enabled_retailers() %}
            select '{{ retailer }}' as retailer, {{ columns | join(', ') }}
            from {{ ref('stg_' ~ retailer ~ '__order_lines') }} {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    identified as (
        select
            *,
            {{ surrogate_key(['retailer'] + columns) }} as line_key,
            cast(quantity * unit_price as {{ numeric_type() }}) as amount
        from unioned
    ),

    -- copies are alike in every column, so which of them comes first changes nothing
    numbered as (
        select *, row_number() over (partition by line_key order by line_key) as copy_number
        from identified
    ),

    int_order_lines__unioned as (
        select
            retailer,
            case
                when copy_number = 1 then line_key else line_key || '-' || copy_number
            end as order_line_id,
            {{ columns | join(', ') }},
            amount,
            copy_number
        from numbered
    )

select *
from int_order_lines__unioned
