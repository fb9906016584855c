{#- The first and the last day of each bin; the last one is open. -#}
{%- set bins = [
    (0, 0), (1, 7), (8, 14), (15, 30), (31, 60), (61, 90), (91, 180), (181, 365), (366, none)
] -%}
{%- set percents = [10, 25, 50, 75, 90] -%}

with

    orders as (select * from {{ ref('orders') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    preceded as (
        select
            retailer,
            customer_id,
            ordered_at,
            lag(ordered_at) over (
                partition by retailer, customer_id order by ordered_at, order_id
            ) as previous_at
        from orders
    ),

    intervals as (
        select
            preceded.retailer,
            customer_rfm.rfm_segment,
            {{ dbt.datediff('preceded.previous_at', 'preceded.ordered_at', 'day') }} as days
        from preceded
        inner join
            customer_rfm
            on preceded.retailer = customer_rfm.retailer
            and preceded.customer_id = customer_rfm.customer_id
        where preceded.previous_at is not null
    ),

    grouped as (
        select retailer, rfm_segment, days
        from intervals

        union all

        select retailer, 'all' as rfm_segment, days
        from intervals
    ),

    described as (
        select
            retailer,
            rfm_segment,
            count(*) as intervals_in_all,
            {% for percent in percents %}
                {{ quantile('days', percent / 100) }} as days_p{{ percent }},
            {% endfor %}
            {{ exact_mean('days') }} as days_mean
        from grouped
        group by retailer, rfm_segment
    ),

    bins as (
        {% for first, last in bins %}
            select
                cast({{ first }} as {{ dbt.type_bigint() }}) as days_from,
                cast(
                    {{ last if last is not none else 'null' }} as {{ dbt.type_bigint() }}
                ) as days_to
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    counted as (
        select grouped.retailer, grouped.rfm_segment, bins.days_from, count(*) as intervals
        from grouped
        inner join
            bins
            on grouped.days >= bins.days_from
            and (grouped.days <= bins.days_to or bins.days_to is null)
        group by grouped.retailer, grouped.rfm_segment, bins.days_from
    ),

    order_intervals as (
        select
            described.retailer,
            described.rfm_segment,
            bins.days_from,
            bins.days_to,
            coalesce(counted.intervals, 0) as intervals,
            {{ share('coalesce(counted.intervals, 0)', 'described.intervals_in_all') }}
            as interval_share,
            {{ share('sum(coalesce(counted.intervals, 0)) over so_far', 'described.intervals_in_all') }}
            as cumulative_share,
            described.days_mean,
            {% for percent in percents %}
                described.days_p{{ percent }}{{ "," if not loop.last }}
            {% endfor %}
        from described
        cross join bins
        left join
            counted
            on described.retailer = counted.retailer
            and described.rfm_segment = counted.rfm_segment
            and bins.days_from = counted.days_from
        window
            so_far as (
                partition by described.retailer, described.rfm_segment order by bins.days_from
            )
    )

select *
from order_intervals
