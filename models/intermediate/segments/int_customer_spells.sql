{%- set groups = ['rfm_segment', 'rfm_cluster', 'palette_group'] -%}

with

    moves as (select * from {{ ref('int_customer_moves') }}),

    last_months as (
        select retailer, max(month_number) as month_number, max(month_end) as month_end
        from {{ ref('int_months') }}
        group by retailer
    ),

    present as (
        select moves.*
        from moves
        inner join
            last_months
            on moves.retailer = last_months.retailer
            and moves.month_number = last_months.month_number
        where moves.rfm_segment is not null
    ),

    {% for group in groups %}
        {{ group }}_changes as (
            select
                retailer,
                customer_id,
                max(month_number) as month_number,
                max(month_end) as changed_on,
                nullif(
                    max_by(coalesce(previous_{{ group }}, ''), month_number), ''
                ) as previous_group,
                max_by(direction, month_number) as direction
            from moves
            where {{ group }} is distinct from previous_{{ group }}
            group by retailer, customer_id
        ),
    {% endfor %}

    int_customer_spells as (
        select
            present.retailer,
            present.customer_id,
            present.month_end,
            {% for group in groups %}
                present.{{ group }},
                {{ group }}_changes.previous_group as previous_{{ group }},
                {{ group }}_changes.changed_on as {{ group }}_changed_on,
                cast(
                    present.month_number
                    - {{ group }}_changes.month_number as {{ dbt.type_bigint() }}
                ) as months_in_{{ group }},
            {% endfor %}
            rfm_segment_changes.direction,
            present.revenue_12_months
        from present
        {% for group in groups %}
            left join
                {{ group }}_changes
                on present.retailer = {{ group }}_changes.retailer
                and present.customer_id = {{ group }}_changes.customer_id
        {% endfor %}
    )

select *
from int_customer_spells
