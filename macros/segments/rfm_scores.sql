{% macro rfm_scores(known, moment) %}
    {%- set moments = moment | join(', ') -%}
    -- the day after the last purchase that is known, never the wall clock
    snapshots as (
        select {{ moments }}, {{ dbt.dateadd('day', 1, 'max(last_ordered_at)') }} as snapshot_at
        from {{ known }}
        group by {{ moments }}
    ),

    measured as (
        select
            {{ known }}.*,
            snapshots.snapshot_at,
            {{ recency_days(known ~ '.last_ordered_at', 'snapshots.snapshot_at', 'retailers.recency_unit') }}
            as recency_days,
            case
                retailers.money when 'net' then {{ known }}.net_revenue else {{ known }}.revenue
            end as monetary
        from {{ known }}
        inner join snapshots using ({{ moments }})
        inner join retailers on {{ known }}.retailer = retailers.retailer
    ),

    edges as (
        select
            {{ moments }}
            {% for measure in ['recency_days', 'frequency', 'monetary'] %}
                {% for percent in [20, 40, 60, 80] %}
                    , {{ quantile(measure, percent / 100) }} as {{ measure }}_p{{ percent }}
                {% endfor %}
            {% endfor %}
        from measured
        group by {{ moments }}
    ),

    scored as (
        select
            measured.*,
            6 - {{ quintile('recency_days') }} as r_score,
            {{ quintile('frequency') }} as f_score,
            {{ quintile('monetary') }} as m_score
        from measured
        inner join edges using ({{ moments }})
    ),

    combined as (select *, 100 * r_score + 10 * f_score + m_score as rfm_score from scored),

    segmented as (
        select combined.*, rfm_segments.rfm_segment
        from combined
        left join
            rfm_segments
            on combined.rfm_score between rfm_segments.score_from and rfm_segments.score_to
    )
{% endmacro %}
