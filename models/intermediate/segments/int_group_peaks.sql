{#- A span stands out when it holds a quarter of the whole, and 1.4 times what an even spread would. -#}
{%- set spans = {'hour': {'length': 2, 'first': 0, 'members': 24}, 'month': {'length': 3, 'first': 1, 'members': 12}} -%}

with

    groups as (select * from {{ ref('int_customer_groups') }}),

    orders as (select * from {{ ref('orders') }}),

    dates as (select * from {{ ref('dates') }}),

    timed as (
        select
            retailer,
            customer_id,
            cast(extract(hour from ordered_at) as {{ dbt.type_bigint() }}) as hour_of_day,
            cast(extract(month from ordered_on) as {{ dbt.type_bigint() }}) as month_of_year,
            revenue
        from orders
    ),

    known as (select retailer, min(ordered_on) as first_day from orders group by retailer),

    -- an hour counts where at least one order in a hundred falls into it
    hours as (
        select
            retailer,
            hour_of_day,
            count(*) as orders,
            sum(count(*)) over (partition by retailer) as all_orders
        from timed
        group by retailer, hour_of_day
    ),

    even as (
        select retailer, 'hour' as span, hour_of_day as member, cast(1 as double) as weight
        from hours
        where 100 * orders >= all_orders
        union all
        select
            dates.retailer,
            'month' as span,
            cast(extract(month from dates.date_day) as {{ dbt.type_bigint() }}) as member,
            cast(count(*) as double) as weight
        from dates
        inner join known on dates.retailer = known.retailer and dates.date_day >= known.first_day
        group by dates.retailer, extract(month from dates.date_day)
    ),

    -- months say something where a whole year is known, hours where purchases have more than two
    weighed as (select *, sum(weight) over (partition by retailer, span) as whole from even),

    telling as (
        select *
        from weighed
        where (span = 'month' and whole >= 365) or (span = 'hour' and whole > 2)
    ),

    measured as (
        select
            groups.retailer,
            groups.grouping_name,
            groups.group_name,
            'hour' as span,
            timed.hour_of_day as member,
            cast(count(*) as {{ total_type() }}) as amount
        from groups
        inner join
            timed on groups.retailer = timed.retailer and groups.customer_id = timed.customer_id
        group by groups.retailer, groups.grouping_name, groups.group_name, timed.hour_of_day
        union all
        select
            groups.retailer,
            groups.grouping_name,
            groups.group_name,
            'month' as span,
            timed.month_of_year as member,
            cast(sum(timed.revenue) as {{ total_type() }}) as amount
        from groups
        inner join
            timed on groups.retailer = timed.retailer and groups.customer_id = timed.customer_id
        group by groups.retailer, groups.grouping_name, groups.group_name, timed.month_of_year
    ),

    totals as (
        select retailer, grouping_name, group_name, span, sum(amount) as whole
        from measured
        group by retailer, grouping_name, group_name, span
    ),

    starts as (
        {% for span, shape in spans.items() %}
            {% for start in range(shape.first, shape.first + shape.members) %}
                {% for step in range(shape.length) %}
                    select
                        '{{ span }}' as span,
                        cast({{ start }} as {{ dbt.type_bigint() }}) as span_start,
                        cast(
                            {{ (start - shape.first + step) % shape.members + shape.first }}
                            as {{ dbt.type_bigint() }}
                        ) as member
                        {{ 'union all' if not loop.last }}
                    {% endfor %} {{ 'union all' if not loop.last }}
                {% endfor %} {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    expected as (
        select
            telling.retailer,
            telling.span,
            starts.span_start,
            sum(telling.weight) / max(telling.whole) as even_share
        from telling
        inner join starts on telling.span = starts.span and telling.member = starts.member
        group by telling.retailer, telling.span, starts.span_start
    ),

    found as (
        select
            measured.retailer,
            measured.grouping_name,
            measured.group_name,
            measured.span,
            starts.span_start,
            sum(measured.amount) as amount
        from measured
        inner join starts on measured.span = starts.span and measured.member = starts.member
        group by
            measured.retailer,
            measured.grouping_name,
            measured.group_name,
            measured.span,
            starts.span_start
    ),

    compared as (
        select
            found.retailer,
            found.grouping_name,
            found.group_name,
            found.span,
            found.span_start,
            {{ share('found.amount', 'totals.whole') }} as span_share,
            expected.even_share
        from found
        inner join
            totals
            on found.retailer = totals.retailer
            and found.grouping_name = totals.grouping_name
            and found.group_name = totals.group_name
            and found.span = totals.span
        inner join
            expected
            on found.retailer = expected.retailer
            and found.span = expected.span
            and found.span_start = expected.span_start
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by retailer, grouping_name, group_name, span
                order by {{ rounded('span_share', 9) }} desc, span_start
            ) as span_rank
        from compared
    ),

    int_group_peaks as (
        select retailer, grouping_name, group_name, span, span_start, span_share, even_share
        from ranked
        where span_rank = 1 and span_share >= 0.25 and span_share >= 1.4 * even_share
    )

select *
from int_group_peaks
