with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    order_lines as (select * from {{ ref('order_lines') }}),

    orders as (select * from {{ ref('orders') }}),

    dates as (select * from {{ ref('dates') }}),

    sessions as (select * from {{ ref('sessions') }}),

    timed as (
        select
            orders.retailer,
            orders.customer_id,
            dates.is_weekend or dates.is_holiday as is_day_off,
            extract(hour from orders.ordered_at) as hour_of_day
        from orders
        inner join dates on orders.retailer = dates.retailer and orders.ordered_on = dates.date_day
    ),

    times as (
        select
            retailer,
            customer_id,
            count(*) as orders,
            sum(case when is_day_off then 1 else 0 end) as orders_on_days_off,
            sum(case when hour_of_day between 1 and 8 then 1 else 0 end) as orders_at_dawn,
            sum(case when hour_of_day between 9 and 18 then 1 else 0 end) as orders_by_day
        from timed
        group by retailer, customer_id
    ),

    purchases as (
        select
            retailer,
            customer_id,
            count(*) as order_lines,
            {{ total('quantity', total_type()) }} as units,
            {{ total('amount', total_type()) }} as amount,
            sum(case when channel = 'online' then 1 else 0 end) as online_lines,
            sum(case when channel = 'offline' then 1 else 0 end) as offline_lines,
            sum(case when channel = 'offline' then quantity else 0 end) as offline_units,
            sum(case when channel = 'offline' then amount else 0 end) as offline_amount
        from order_lines
        group by retailer, customer_id
    ),

    -- exact to six decimals, so that the order of the sum decides nothing
    visits as (
        select
            retailer,
            customer_id,
            count(*) as sessions,
            sum(
                cast(
                    coalesce(last_hit_number, 1)
                    * page_views
                    * {{ log10_from_one('session_seconds') }} as decimal(28, 6)
                )
            ) as vitality,
            count(session_seconds) as timed_sessions
        from sessions
        group by retailer, customer_id
    ),

    customer_features as (
        select
            customer_rfm.retailer,
            customer_rfm.customer_id,
            case
                when
                    purchases.offline_lines > 0
                    and (purchases.online_lines > 0 or visits.sessions > 0)
                then 'both'
                when purchases.offline_lines > 0
                then 'offline_only'
                when purchases.online_lines > 0 or visits.sessions > 0
                then 'online_only'
                else 'unknown'
            end as channel_group,
            1 - {{ share('times.orders_on_days_off', 'times.orders') }} as r_weekday,
            {{ share('times.orders_on_days_off', 'times.orders') }} as r_weekend,
            {{ share('times.orders_at_dawn', 'times.orders') }} as r_dawn,
            {{ share('times.orders_by_day', 'times.orders') }} as r_afternoon,
            {{ share('times.orders - times.orders_at_dawn - times.orders_by_day', 'times.orders') }}
            as r_dinner,
            cast(purchases.offline_units as double)
            * purchases.offline_lines
            * {{ log10_from_one('purchases.offline_amount') }} as offline_vitality,
            coalesce({{ share('visits.vitality', 'visits.timed_sessions') }}, 0) as online_vitality,
            cast(purchases.units as double)
            * purchases.order_lines
            * {{ log10_from_one('purchases.amount') }} as purchase_vitality,
            customer_rfm.recency_days,
            customer_rfm.frequency,
            customer_rfm.monetary
        from customer_rfm
        inner join
            times
            on customer_rfm.retailer = times.retailer
            and customer_rfm.customer_id = times.customer_id
        inner join
            purchases
            on customer_rfm.retailer = purchases.retailer
            and customer_rfm.customer_id = purchases.customer_id
        left join
            visits
            on customer_rfm.retailer = visits.retailer
            and customer_rfm.customer_id = visits.customer_id
    )

select *
from customer_features
