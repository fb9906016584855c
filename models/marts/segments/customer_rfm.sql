with

    customers as (select * from {{ ref('customers') }}),

    retailers as (select * from {{ ref('retailers') }}),

    rfm_segments as (select * from {{ ref('rfm_segments') }}),

    -- the day after the last purchase in the data, never the wall clock
    snapshots as (
        select retailer, {{ dbt.dateadd('day', 1, 'max(last_ordered_at)') }} as snapshot_at
        from customers
        group by retailer
    ),

    measured as (
        select
            customers.retailer,
            customers.customer_id,
            snapshots.snapshot_at,
            customers.last_ordered_at,
            {{ recency_days('customers.last_ordered_at', 'snapshots.snapshot_at', 'retailers.recency_unit') }}
            as recency_days,
            customers.order_lines as frequency,
            case
                retailers.money when 'net' then customers.net_revenue else customers.revenue
            end as monetary
        from customers
        inner join snapshots on customers.retailer = snapshots.retailer
        inner join retailers on customers.retailer = retailers.retailer
    ),

    edges as (
        select
            retailer
            {% for measure in ['recency_days', 'frequency', 'monetary'] %}
                {% for percent in [20, 40, 60, 80] %}
                    , {{ quantile(measure, percent / 100) }} as {{ measure }}_p{{ percent }}
                {% endfor %}
            {% endfor %}
        from measured
        group by retailer
    ),

    scored as (
        select
            measured.*,
            6 - {{ quintile('recency_days') }} as r_score,
            {{ quintile('frequency') }} as f_score,
            {{ quintile('monetary') }} as m_score
        from measured
        inner join edges on measured.retailer = edges.retailer
    ),

    combined as (select *, 100 * r_score + 10 * f_score + m_score as rfm_score from scored),

    customer_rfm as (
        select
            combined.retailer,
            combined.customer_id,
            combined.snapshot_at,
            combined.last_ordered_at,
            combined.recency_days,
            combined.frequency,
            combined.monetary,
            combined.r_score,
            combined.f_score,
            combined.m_score,
            combined.rfm_score,
            rfm_segments.rfm_segment
        from combined
        left join
            rfm_segments
            on combined.rfm_score between rfm_segments.score_from and rfm_segments.score_to
    )

select *
from customer_rfm
