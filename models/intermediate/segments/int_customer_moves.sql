{%- set groups = ['rfm_segment', 'rfm_cluster', 'palette_group'] -%}

with

    history as (select * from {{ ref('customer_rfm_history') }}),

    months as (select * from {{ ref('int_months') }}),

    segments as (
        select rfm_segment, max(score_from) as place
        from {{ ref('rfm_segments') }}
        group by rfm_segment
    ),

    -- money adds up from month to month, so what a month brought is a difference
    beside_each_other as (
        select
            history.retailer,
            history.customer_id,
            months.month_number,
            {% for group in groups %}
                history.{{ group }}, lag(history.{{ group }}) over in_time as previous_{{ group }},
            {% endfor %}
            history.monetary - coalesce(lag(history.monetary) over in_time, 0) as revenue_of_month,
            coalesce(lag(history.monetary) over in_time, 0)
            - coalesce(lag(history.monetary, 2) over in_time, 0) as revenue_of_month_before,
            history.monetary
            - coalesce(lag(history.monetary, 12) over in_time, 0) as revenue_12_months,
            lag(months.month_number) over in_time = months.month_number - 1 as was_there,
            coalesce(lead(months.month_number) over in_time, 0) as next_month_number
        from history
        inner join
            months on history.retailer = months.retailer and history.month_end = months.month_end
        window
            in_time as (
                partition by history.retailer, history.customer_id order by months.month_number
            )
    ),

    moved as (
        select
            retailer,
            customer_id,
            month_number,
            {% for group in groups %}
                {{ group }},
                case when was_there then previous_{{ group }} end as previous_{{ group }},
            {% endfor %}
            case when was_there then revenue_of_month_before else 0 end as revenue_before,
            revenue_of_month as revenue_after,
            revenue_12_months
        from beside_each_other

        union all

        -- all of whose purchases turned out to be outliers
        select
            retailer,
            customer_id,
            month_number + 1 as month_number,
            {% for group in groups %}
                null as {{ group }}, {{ group }} as previous_{{ group }},
            {% endfor %}
            revenue_of_month as revenue_before,
            0 as revenue_after,
            0 as revenue_12_months
        from beside_each_other
        where next_month_number <> month_number + 1
    ),

    int_customer_moves as (
        select
            moved.retailer,
            moved.customer_id,
            moved.month_number,
            months.month_end,
            months.has_ended as is_complete,
            {% for group in groups %} moved.{{ group }}, moved.previous_{{ group }}, {% endfor %}
            case
                when moved.rfm_segment is null
                then 'gone'
                when moved.previous_rfm_segment is null
                then 'new'
                when present.place > previous.place
                then 'up'
                when present.place < previous.place
                then 'down'
                else 'same'
            end as direction,
            cast(moved.revenue_before as {{ total_type() }}) as revenue_before,
            cast(moved.revenue_after as {{ total_type() }}) as revenue_after,
            cast(moved.revenue_12_months as {{ total_type() }}) as revenue_12_months
        from moved
        inner join
            months on moved.retailer = months.retailer and moved.month_number = months.month_number
        left join segments as present on moved.rfm_segment = present.rfm_segment
        left join segments as previous on moved.previous_rfm_segment = previous.rfm_segment
    )

select *
from int_customer_moves
