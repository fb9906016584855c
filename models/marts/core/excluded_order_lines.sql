with

    checked as (select * from {{ ref('int_order_lines__checked') }}),

    excluded_order_lines as (
        select
            {{ line_columns('checked') }},
            product_name,
            failed_step as step_number,
            exclusion_reason
        from checked
        where exclusion_reason is not null
    )

select *
from excluded_order_lines
