{%- set rules = [
    'missing_customer', 'missing_product', 'missing_customer_or_product_name',
    'missing_customer_or_product', 'duplicate_line', 'repeated_line_number',
    'non_positive_quantity_or_price', 'non_positive_quantity_or_amount', 'non_positive_amount',
    'non_product_code', 'service_line', 'amount_outlier'
] -%}

with

    order_lines as (select * from {{ ref('int_order_lines__identified') }}),

    cleaning_steps as (select * from {{ ref('int_cleaning_steps') }}),

    service_lines as (select distinct retailer, product_name from {{ ref('int_service_lines') }}),

    -- one row a retailer: at which step it applies a rule, null where it does not
    steps as (
        select
            retailer,
            {% for rule in rules %}
                max(case when rule = '{{ rule }}' then step_number end) as {{ rule }},
            {% endfor %}
            max(case when rule = 'non_product_code' then parameter end) as least_digits,
            max(case when rule = 'amount_outlier' then parameter end) as most_deviations
        from cleaning_steps
        group by retailer
    ),

    -- the rules that look at one line alone
    looked_at as {{ inlined() }} (
        select
            order_lines.*,
            steps.amount_outlier as outlier_step,
            steps.most_deviations,
            -- what a line fails because it takes back, and what it fails whatever its signs
            least(
                case
                    when
                        coalesce(order_lines.quantity, 0) <= 0
                        or coalesce(order_lines.amount, 0) <= 0
                    then steps.non_positive_quantity_or_amount
                end,
                case
                    when order_lines.quantity <= 0 or order_lines.unit_price <= 0
                    then steps.non_positive_quantity_or_price
                end,
                case when coalesce(order_lines.amount, 0) <= 0 then steps.non_positive_amount end
            ) as sign_step,
            least(
                case when order_lines.customer_id is null then steps.missing_customer end,
                case when order_lines.product_id is null then steps.missing_product end,
                case
                    when order_lines.copy_number > 1 and order_lines.line_number is not null
                    then steps.repeated_line_number
                end,
                case
                    when order_lines.customer_id is null or order_lines.product_name is null
                    then steps.missing_customer_or_product_name
                end,
                case
                    when order_lines.customer_id is null or order_lines.product_id is null
                    then steps.missing_customer_or_product
                end,
                case when order_lines.copy_number > 1 then steps.duplicate_line end,
                case
                    when
                        length({{ remove_pattern('order_lines.product_id', '[^0-9]') }})
                        < steps.least_digits
                    then steps.non_product_code
                end,
                case when service_lines.product_name is not null then steps.service_line end
            ) as other_step
        from order_lines
        left join steps on order_lines.retailer = steps.retailer
        left join
            service_lines
            on order_lines.retailer = service_lines.retailer
            and order_lines.product_name = service_lines.product_name
    ),

    judged as (
        select retailer, max(most_deviations) as most_deviations, {{ moments('amount') }}
        from looked_at
        where
            outlier_step is not null
            and coalesce(least(sign_step, other_step), outlier_step + 1) > outlier_step
        group by retailer
    ),

    bounds as (select retailer, {{ outlier_bounds('most_deviations') }} from judged),

    -- what a line is where its amount is within the bounds
    meant as (
        select
            *,
            case
                when sign_step is null and other_step is null
                then 'purchase'
                when
                    sign_step is not null
                    and other_step is null
                    and customer_id is not null
                    and product_id is not null
                    and amount is not null
                    and (quantity < 0 or amount < 0)
                then 'return'
            end as kind_within_bounds
        from looked_at
    ),

    failed as (
        select
            meant.*,
            least(
                meant.sign_step,
                meant.other_step,
                case
                    when not meant.amount between bounds.lowest and bounds.highest
                    then meant.outlier_step
                end
            ) as failed_step,
            coalesce(meant.kind_within_bounds = 'return', false)
            and {{ is_within_bounds(
                'abs(meant.amount)'
            ) }} as is_return
        from meant
        left join bounds on meant.retailer = bounds.retailer
    ),

    int_order_lines__checked as (
        select
            failed.retailer,
            failed.order_line_id,
            {% for column in staged_line_columns() %} failed.{{ column }}, {% endfor %}
            failed.copy_number,
            failed.kind_within_bounds,
            failed.is_return,
            failed.failed_step,
            cleaning_steps.step as exclusion_reason
        from failed
        left join
            cleaning_steps
            on failed.retailer = cleaning_steps.retailer
            and failed.failed_step = cleaning_steps.step_number
    )

select *
from int_order_lines__checked
