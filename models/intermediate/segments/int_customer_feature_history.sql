{%- set counts = [
    'orders', 'orders_on_days_off', 'orders_at_dawn', 'orders_by_day', 'order_lines', 'units',
    'amount', 'online_lines', 'offline_lines', 'offline_units', 'offline_amount', 'sessions',
    'vitality', 'timed_sessions'
] -%}
{%- set of_times = counts[:4] -%}
{%- set of_purchases = counts[4:11] -%}
{%- set of_visits = counts[11:] -%}

with

    history as (select * from {{ ref('int_rfm_history') }}),

    timed as ({{ timed_orders() }}),

    times as (
        select
            retailer,
            customer_id,
            {{ month_start('happened_on') }} as month_start,
            {{ time_counts() }}
        from timed
        group by retailer, customer_id, {{ month_start('happened_on') }}
    ),

    purchases as (
        select
            retailer,
            customer_id,
            {{ month_start('ordered_on') }} as month_start,
            {{ purchase_counts() }}
        from {{ ref('order_lines') }}
        group by retailer, customer_id, {{ month_start('ordered_on') }}
    ),

    visits as (
        select
            retailer,
            customer_id,
            {{ month_start('started_at') }} as month_start,
            {{ visit_counts() }}
        from {{ ref('sessions') }}
        group by retailer, customer_id, {{ month_start('started_at') }}
    ),

    parts as (
        {% for part, held in {'times': of_times, 'purchases': of_purchases, 'visits': of_visits}.items() %}
            select
                retailer,
                customer_id,
                month_start,
                {% for count in counts %}
                    {{ count if count in held else '0' }} as {{ count }}{{ "," if not loop.last }}
                {% endfor %}
            from {{ part }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    activity as (
        select
            retailer,
            customer_id,
            month_start,
            {% for count in counts %}
                sum({{ count }}) as {{ count }}{{ "," if not loop.last }}
            {% endfor %}
        from parts
        group by retailer, customer_id, month_start
    ),

    added_up as (
        select
            retailer,
            customer_id,
            month_start as since,
            {{ until_next_month('in_time') }} as until,
            {% for count in counts %}
                sum({{ count }}) over in_time as {{ count }}{{ "," if not loop.last }}
            {% endfor %}
        from activity
        window in_time as (partition by retailer, customer_id order by month_start)
    ),

    int_customer_feature_history as (
        select
            history.retailer,
            history.month_start,
            history.customer_id,
            {{ feature_columns('added_up', 'added_up', 'added_up') }},
            history.recency_days,
            history.frequency,
            history.monetary,
            history.snapshot_at,
            added_up.units
        from history
        left join
            added_up
            on history.retailer = added_up.retailer
            and history.customer_id = added_up.customer_id
            and history.month_start >= added_up.since
            and history.month_start < added_up.until
            and added_up.orders > 0
    )

select *
from int_customer_feature_history
