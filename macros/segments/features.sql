{% macro timed_orders() %}
    select
        orders.retailer,
        orders.customer_id,
        orders.ordered_on as happened_on,
        dates.is_weekend or dates.is_holiday as is_day_off,
        extract(hour from orders.ordered_at) as hour_of_day
    from {{ ref("orders") }} as orders
    inner join
        {{ ref("dates") }} as dates
        on orders.retailer = dates.retailer
        and orders.ordered_on = dates.date_day
{% endmacro %}


{% macro time_counts() %}
    count(*) as orders,
    sum(case when is_day_off then 1 else 0 end) as orders_on_days_off,
    sum(case when hour_of_day between 1 and 8 then 1 else 0 end) as orders_at_dawn,
    sum(case when hour_of_day between 9 and 18 then 1 else 0 end) as orders_by_day
{% endmacro %}


{% macro purchase_counts() %}
    count(*) as order_lines,
    {{ total("quantity", total_type()) }} as units,
    {{ total("amount", total_type()) }} as amount,
    sum(case when channel = 'online' then 1 else 0 end) as online_lines,
    sum(case when channel = 'offline' then 1 else 0 end) as offline_lines,
    sum(case when channel = 'offline' then quantity else 0 end) as offline_units,
    sum(case when channel = 'offline' then amount else 0 end) as offline_amount
{% endmacro %}


{# Exact to six decimals, so that the order of the sum decides nothing. #}
{% macro visit_counts() %}
    count(*) as sessions,
    sum(
        {{ as_decimal(
            "coalesce(last_hit_number, 1) * page_views * " ~ log10_from_one("session_seconds"), 28, 6
        ) }}
    ) as vitality,
    count(session_seconds) as timed_sessions
{% endmacro %}


{% macro feature_columns(times, purchases, visits) %}
    case
        when
            {{ purchases }}.offline_lines > 0
            and ({{ purchases }}.online_lines > 0 or {{ visits }}.sessions > 0)
        then 'both'
        when {{ purchases }}.offline_lines > 0
        then 'offline_only'
        when {{ purchases }}.online_lines > 0 or {{ visits }}.sessions > 0
        then 'online_only'
        else 'unknown'
    end as channel_group,
    1 - {{ share(times ~ ".orders_on_days_off", times ~ ".orders") }} as r_weekday,
    {{ share(times ~ ".orders_on_days_off", times ~ ".orders") }} as r_weekend,
    {{ share(times ~ ".orders_at_dawn", times ~ ".orders") }} as r_dawn,
    {{ share(times ~ ".orders_by_day", times ~ ".orders") }} as r_afternoon,
    {{ share(
        times ~ ".orders - " ~ times ~ ".orders_at_dawn - " ~ times ~ ".orders_by_day",
        times ~ ".orders"
    ) }} as r_dinner,
    cast({{ purchases }}.offline_units as double)
    * {{ purchases }}.offline_lines
    * {{ log10_from_one(purchases ~ ".offline_amount") }} as offline_vitality,
    coalesce({{ share(visits ~ ".vitality", visits ~ ".timed_sessions") }}, 0) as online_vitality,
    cast({{ purchases }}.units as double)
    * {{ purchases }}.order_lines
    * {{ log10_from_one(purchases ~ ".amount") }} as purchase_vitality
{% endmacro %}
