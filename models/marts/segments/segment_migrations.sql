{%- set groupings = {
    'segment': 'rfm_segment', 'rfm': 'rfm_cluster', 'palette': 'palette_group'
} -%}

with

    -- nothing is known of the month before the first one
    moves as (select * from {{ ref('int_customer_moves') }} where month_number > 1),

    grouped as (
        {% for grouping, group in groupings.items() %}
            select
                retailer,
                month_end,
                is_complete,
                '{{ grouping }}' as grouping_name,
                case
                    when direction = 'new' then 'new' else coalesce(previous_{{ group }}, 'none')
                end as from_group,
                case
                    when direction = 'gone' then 'gone' else coalesce({{ group }}, 'none')
                end as to_group,
                {% if grouping == 'segment' %} direction,
                {% else %} case when direction in ('new', 'gone') then direction end as direction,
                {% endif %}
                revenue_before,
                revenue_after,
                case
                    when direction = 'down' and '{{ grouping }}' = 'segment' then revenue_12_months
                end as revenue_at_risk
            from moves
            where
                {{ group }} is not null or previous_{{ group }} is not null
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    segment_migrations as (
        select
            retailer,
            month_end,
            is_complete,
            grouping_name,
            from_group,
            to_group,
            direction,
            count(*) as customers,
            {{ total('revenue_before', total_type()) }} as revenue_before,
            {{ total('revenue_after', total_type()) }} as revenue_after,
            {{ total('revenue_at_risk', total_type()) }} as revenue_at_risk
        from grouped
        group by retailer, month_end, is_complete, grouping_name, from_group, to_group, direction
    )

select *
from segment_migrations
