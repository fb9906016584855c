{{ config(materialized='view') }}

{%- set columns = [
    'retailer', 'order_id', 'line_number', 'customer_id', 'product_id', 'product_name', 'country',
    'channel', 'store', 'ordered_at', 'quantity', 'unit_price'
] -%}
{%- set all_columns = columns + ['amount'] -%}
{#- The rest tells no lines apart: a line keeps its key when a shop adds it to its files. -#}
{%- set beside = staged_line_columns() | reject('in', all_columns) | list -%}

with

    lines as {{ inlined() }} (
        select *, {{ row_text(all_columns) }} as line_text
        from {{ ref('int_order_lines__unioned') }}
    ),

    -- few lines have copies: only those are numbered, since a window over all lines does not fit
    -- into memory
    repeated as (
        select {{ fingerprint('line_text') }} as fingerprint
        from lines
        group by {{ fingerprint('line_text') }}
        having count(*) > 1
    ),

    {% for kind, condition in {'alone': 'is null', 'maybe_copied': 'is not null'}.items() %}
        {{ kind }} as (
            select
                {% for column in columns + beside %} lines.{{ column }}, {% endfor %}
                md5(lines.line_text) as line_key,
                coalesce(
                    lines.amount, {{ line_amount('lines.quantity', 'lines.unit_price') }}
                ) as amount
            from lines
            left join repeated on {{ fingerprint('lines.line_text') }} = repeated.fingerprint
            where repeated.fingerprint {{ condition }}
        ),
    {% endfor %}

    -- copies are alike in every other column, so which of them comes first changes nothing
    numbered as (
        select *, cast(1 as {{ dbt.type_bigint() }}) as copy_number
        from alone

        union all

        select
            *,
            row_number() over (
                partition by line_key order by {{ beside | join(', ') }}
            ) as copy_number
        from maybe_copied
    ),

    int_order_lines__identified as (
        select
            case
                when copy_number = 1 then line_key else line_key || '-' || copy_number
            end as order_line_id,
            {{ (columns + beside) | join(', ') }},
            amount,
            copy_number
        from numbered
    )

select *
from int_order_lines__identified
