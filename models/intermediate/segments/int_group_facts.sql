with

    groups as (select * from {{ ref('int_customer_groups') }}),

    peaks as (select * from {{ ref('int_group_peaks') }}),

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    orders as (select * from {{ ref('orders') }}),

    scores as (select * from {{ ref('customer_category_scores') }}),

    diagnostics as (select * from {{ ref('cluster_diagnostics') }} where is_chosen),

    retailers as (
        select retailer, count(distinct channel) as channels from orders group by retailer
    ),

    ordered as (
        select
            retailer,
            customer_id,
            sum(
                case when {{ iso_weekday('ordered_on') }} in (6, 7) then 1 else 0 end
            ) as weekend_orders,
            sum(case when channel = 'online' then 1 else 0 end) as online_orders
        from orders
        group by retailer, customer_id
    ),

    members as (
        select
            groups.retailer,
            groups.grouping_name,
            groups.group_name,
            groups.customer_id,
            customers.orders,
            customers.order_lines,
            customers.units,
            customers.revenue,
            customer_rfm.recency_days,
            customer_rfm.rfm_segment,
            ordered.weekend_orders,
            case when retailers.channels > 1 then ordered.online_orders end as online_orders
        from groups
        inner join
            customers
            on groups.retailer = customers.retailer
            and groups.customer_id = customers.customer_id
        inner join
            customer_rfm
            on groups.retailer = customer_rfm.retailer
            and groups.customer_id = customer_rfm.customer_id
        inner join
            ordered
            on groups.retailer = ordered.retailer
            and groups.customer_id = ordered.customer_id
        inner join retailers on groups.retailer = retailers.retailer
    ),

    summed as (
        select
            retailer,
            grouping_name,
            group_name,
            count(*) as customers,
            sum(orders) as orders,
            sum(order_lines) as order_lines,
            sum(units) as units,
            sum(revenue) as revenue,
            sum(recency_days) as recency_days,
            sum(weekend_orders) as weekend_orders,
            sum(online_orders) as online_orders
        from members
        group by retailer, grouping_name, group_name
    ),

    whole as (
        select
            retailer,
            grouping_name,
            sum(customers) as customers,
            sum(orders) as orders,
            sum(order_lines) as order_lines,
            sum(units) as units,
            sum(revenue) as revenue,
            sum(recency_days) as recency_days,
            sum(weekend_orders) as weekend_orders,
            sum(online_orders) as online_orders
        from summed
        group by retailer, grouping_name
    ),

    segments as (
        select
            retailer,
            grouping_name,
            group_name,
            rfm_segment,
            count(*) as customers,
            row_number() over (
                partition by retailer, grouping_name, group_name order by count(*) desc, rfm_segment
            ) as segment_rank
        from members
        group by retailer, grouping_name, group_name, rfm_segment
    ),

    -- what has no category is no category
    spent as (
        select
            groups.retailer,
            groups.grouping_name,
            groups.group_name,
            scores.super_category,
            sum(scores.amount) as amount
        from groups
        inner join
            scores on groups.retailer = scores.retailer and groups.customer_id = scores.customer_id
        where scores.super_category != 'Other Products'
        group by groups.retailer, groups.grouping_name, groups.group_name, scores.super_category
    ),

    categories as (
        select
            *,
            row_number() over (
                partition by retailer, grouping_name, group_name
                order by amount desc, super_category
            ) as category_rank
        from spent
    ),

    known as (
        select retailer, count(distinct super_category) as categories
        from scores
        where super_category != 'Other Products'
        group by retailer
    ),

    first_segments as (
        select
            summed.retailer,
            summed.grouping_name,
            summed.group_name,
            {% for rank in [1, 2] %}
                max(
                    case when segments.segment_rank = {{ rank }} then segments.rfm_segment end
                ) as segment_{{ rank }},
                max(
                    case when segments.segment_rank = {{ rank }} then segments.customers end
                ) as segment_{{ rank }}_customers {{ ',' if not loop.last }}
            {% endfor %}
        from summed
        inner join
            segments
            on summed.retailer = segments.retailer
            and summed.grouping_name = segments.grouping_name
            and summed.group_name = segments.group_name
        group by summed.retailer, summed.grouping_name, summed.group_name
    ),

    -- favourites are told apart from something: a retailer with one category has none
    first_categories as (
        select
            categories.retailer,
            categories.grouping_name,
            categories.group_name,
            {% for rank in [1, 2] %}
                max(
                    case
                        when categories.category_rank = {{ rank }} then categories.super_category
                    end
                ) as category_{{ rank }},
                max(
                    case when categories.category_rank = {{ rank }} then categories.amount end
                ) as category_{{ rank }}_revenue {{ ',' if not loop.last }}
            {% endfor %}
        from categories
        inner join known on categories.retailer = known.retailer and known.categories > 1
        group by categories.retailer, categories.grouping_name, categories.group_name
    ),

    int_group_facts as (
        select
            summed.retailer,
            summed.grouping_name,
            summed.group_name,
            summed.customers,
            {{ share('summed.customers', 'whole.customers') }} as customer_share,
            {{ share('summed.revenue', 'whole.revenue') }} as revenue_share,
            {% for name, fact in {
                'orders_per_customer': ['orders', 'customers'],
                'revenue_per_customer': ['revenue', 'customers'],
                'revenue_per_order': ['revenue', 'orders'],
                'units_per_line': ['units', 'order_lines'],
                'recency_days': ['recency_days', 'customers'],
                'weekend_share': ['weekend_orders', 'orders'],
                'online_share': ['online_orders', 'orders'],
            }.items() %}
                {{ share('summed.' ~ fact[0], 'summed.' ~ fact[1]) }} as {{ name }},
                {{ share('whole.' ~ fact[0], 'whole.' ~ fact[1]) }} as {{ name }}_of_all,
            {% endfor %}
            hours.span_start as peak_hour_start,
            hours.span_share as peak_hour_share,
            months.span_start as peak_month_start,
            months.span_share as peak_month_share,
            first_segments.segment_1,
            {{ share('first_segments.segment_1_customers', 'summed.customers') }}
            as segment_1_share,
            first_segments.segment_2,
            {{ share('first_segments.segment_2_customers', 'summed.customers') }}
            as segment_2_share,
            first_categories.category_1,
            {{ share('first_categories.category_1_revenue', 'summed.revenue') }}
            as category_1_share,
            first_categories.category_2,
            {{ share('first_categories.category_2_revenue', 'summed.revenue') }}
            as category_2_share,
            case
                when summed.grouping_name not in ('segment', 'palette')
                then coalesce(diagnostics.stands_apart, false)
            end as stands_apart
        from summed
        inner join
            whole on summed.retailer = whole.retailer and summed.grouping_name = whole.grouping_name
        inner join
            first_segments
            on summed.retailer = first_segments.retailer
            and summed.grouping_name = first_segments.grouping_name
            and summed.group_name = first_segments.group_name
        left join
            diagnostics
            on summed.retailer = diagnostics.retailer
            and summed.grouping_name = diagnostics.clustering
        left join
            first_categories
            on summed.retailer = first_categories.retailer
            and summed.grouping_name = first_categories.grouping_name
            and summed.group_name = first_categories.group_name
        left join
            peaks as hours
            on summed.retailer = hours.retailer
            and summed.grouping_name = hours.grouping_name
            and summed.group_name = hours.group_name
            and hours.span = 'hour'
        left join
            peaks as months
            on summed.retailer = months.retailer
            and summed.grouping_name = months.grouping_name
            and summed.group_name = months.group_name
            and months.span = 'month'
    )

select *
from int_group_facts
