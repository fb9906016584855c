{%- set rules = [
    'missing_customer_or_product_name', 'duplicate_line', 'non_positive_quantity_or_price',
    'non_product_code', 'service_line'
] -%}

with

    order_lines as (select * from {{ ref('int_order_lines__unioned') }}),

    cleaning_steps as (select * from {{ ref('cleaning_steps') }}),

    service_lines as (select distinct retailer, product_name from {{ ref('service_lines') }}),

    -- one row a retailer: at which step it applies a rule, null where it does not
    steps as (
        select
            retailer,
            {% for rule in rules %}
                max(case when rule = '{{ rule }}' then step_number end) as {{ rule }},
            {% endfor %}
            max(case when rule = 'non_product_code' then parameter end) as least_digits
        from cleaning_steps
        group by retailer
    ),

    failed as (
        select
            order_lines.*,
            least(
                case
                    when order_lines.customer_id is null or order_lines.product_name is null
                    then steps.missing_customer_or_product_name
                end,
                case when order_lines.copy_number > 1 then steps.duplicate_line end,
                case
                    when order_lines.quantity <= 0 or order_lines.unit_price <= 0
                    then steps.non_positive_quantity_or_price
                end,
                case
                    when
                        length({{ remove_pattern('order_lines.product_id', '[^0-9]') }})
                        < steps.least_digits
                    then steps.non_product_code
                end,
                case when service_lines.product_name is not null then steps.service_line end
            ) as failed_step
        from order_lines
        left join steps on order_lines.retailer = steps.retailer
        left join
            service_lines
            on order_lines.retailer = service_lines.retailer
            and order_lines.product_name = service_lines.product_name
    ),

    int_order_lines__checked as (
        select failed.*, cleaning_steps.step as exclusion_reason
        from failed
        left join
            cleaning_steps
            on failed.retailer = cleaning_steps.retailer
            and failed.failed_step = cleaning_steps.step_number
    )

select *
from int_order_lines__checked
