with

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    features as (select * from {{ ref('customer_features') }}),

    scores as (select * from {{ ref('customer_category_scores') }}),

    orders as (select * from {{ ref('orders') }}),

    groups as (select * from {{ ref('int_customer_groups') }}),

    facts as (select * from {{ ref('int_group_facts') }}),

    spells as (select * from {{ ref('int_customer_spells') }}),

    gaps as (
        select
            retailer,
            {{ quantile(dbt.datediff('first_ordered_at', 'last_ordered_at', 'day') ~ ' / (orders - 1.0)', 0.5) }}
            as gap_days
        from customers
        where orders > 1
        group by retailer
    ),

    measured as (
        select
            customers.retailer,
            customers.customer_id,
            customers.orders,
            {{ share('customers.units', 'customers.order_lines') }} as units_per_line,
            customer_rfm.recency_days,
            gaps.gap_days,
            features.r_weekend,
            features.r_weekday,
            features.r_dawn,
            features.r_dinner,
            features.channel_group,
            features.offline_vitality
        from customers
        inner join
            customer_rfm
            on customers.retailer = customer_rfm.retailer
            and customers.customer_id = customer_rfm.customer_id
        inner join
            features
            on customers.retailer = features.retailer
            and customers.customer_id = features.customer_id
        left join gaps on customers.retailer = gaps.retailer
    ),

    timed as (
        select
            retailer,
            customer_id,
            cast(extract(hour from ordered_at) as {{ dbt.type_bigint() }}) as hour_of_day,
            cast(extract(month from ordered_on) as {{ dbt.type_bigint() }}) as month_of_year,
            revenue
        from orders
    ),

    in_peaks as (
        select
            groups.retailer,
            groups.customer_id,
            groups.grouping_name,
            {{ share(
                'sum(case when (timed.hour_of_day - facts.peak_hour_start + 24) % 24 < 2 then 1 else 0 end)',
                'count(*)',
            ) }}
            as order_share,
            {{ share(
                'sum(case when (timed.month_of_year - facts.peak_month_start + 12) % 12 < 3 then timed.revenue else 0 end)',
                'sum(timed.revenue)',
            ) }}
            as revenue_share
        from groups
        inner join
            facts
            on groups.retailer = facts.retailer
            and groups.grouping_name = facts.grouping_name
            and groups.group_name = facts.group_name
        inner join
            timed on groups.retailer = timed.retailer and groups.customer_id = timed.customer_id
        group by groups.retailer, groups.customer_id, groups.grouping_name
    ),

    int_customer_conditions as (
        {% for condition, holds in {
            'first_order': 'orders = 1',
            'repeat': 'orders > 1',
            'lapsed': 'recency_days >= 2 * gap_days',
            'bulk': 'units_per_line >= 5',
            'weekend': 'r_weekend > 0',
            'weekday': 'r_weekday > 0',
            'morning': 'r_dawn > 0',
            'evening': 'r_dinner > 0',
            'online': "channel_group in ('online_only', 'both')",
            'offline': 'offline_vitality > 0',
            'category': 'true',
        }.items() %}
            select
                retailer,
                customer_id,
                cast(null as {{ dbt.type_string() }}) as grouping_name,
                '{{ condition }}' as condition
            from measured
            where {{ holds }}
            union all
        {% endfor %}
        select
            retailer,
            customer_id,
            cast(null as {{ dbt.type_string() }}) as grouping_name,
            'bought ' || super_category as condition
        from scores
        union all
        select retailer, customer_id, 'segment' as grouping_name, 'fell' as condition
        from spells
        where direction = 'down' and months_in_rfm_segment = 0
        union all
        select retailer, customer_id, grouping_name, 'peak_hours' as condition
        from in_peaks
        where order_share >= 0.5
        union all
        select retailer, customer_id, grouping_name, 'peak_months' as condition
        from in_peaks
        where revenue_share >= 0.5
    )

select *
from int_customer_conditions
