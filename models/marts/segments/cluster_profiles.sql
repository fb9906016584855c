with

    shapes as (select * from {{ ref('cluster_shapes') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    customers as (select * from {{ ref('customers') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    cluster_strategies as (select * from {{ ref('cluster_strategies') }}),

    descriptions as (select * from {{ ref('group_descriptions') }}),

    measured as (
        select
            customer_clusters.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            cast(sum(customers.orders) as {{ dbt.type_bigint() }}) as orders,
            count(*) as customers,
            cast(sum(customers.order_lines) as {{ dbt.type_bigint() }}) as order_lines,
            {{ total('customers.units', total_type()) }} as units,
            {{ total('customers.revenue', total_type()) }} as revenue,
            {{ net_measures_of('customers') }}
        from customer_clusters
        inner join
            customers
            on customer_clusters.retailer = customers.retailer
            and customer_clusters.customer_id = customers.customer_id
        group by
            customer_clusters.retailer, customer_clusters.clustering, customer_clusters.cluster_name
    ),

    averaged as (
        select
            customer_clusters.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            {{ exact_mean('customer_rfm.recency_days') }} as recency_days_mean,
            {{ exact_mean('customer_rfm.frequency') }} as frequency_mean,
            {{ exact_mean('customer_rfm.monetary') }} as monetary_mean,
            {{ exact_mean('customer_clusters.silhouette') }} as silhouette_mean
        from customer_clusters
        inner join
            customer_rfm
            on customer_clusters.retailer = customer_rfm.retailer
            and customer_clusters.customer_id = customer_rfm.customer_id
        group by
            customer_clusters.retailer, customer_clusters.clustering, customer_clusters.cluster_name
    ),

    diagnostics as (select * from {{ ref('cluster_diagnostics') }} where is_chosen),

    complete_months as (
        select retailer, month_start
        from {{ ref('dates') }}
        group by retailer, month_start
        having
            min(date_day) = month_start
            and max(date_day) = {{ dbt.last_day('month_start', 'month') }}
    ),

    monthly as (
        select
            customer_clusters.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            customer_monthly.month_start,
            sum(customer_monthly.revenue) as revenue
        from customer_clusters
        inner join
            {{ ref('customer_monthly') }} as customer_monthly
            on customer_clusters.retailer = customer_monthly.retailer
            and customer_clusters.customer_id = customer_monthly.customer_id
        group by
            customer_clusters.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            customer_monthly.month_start
    ),

    -- a month without a purchase counts
    by_month as (
        select
            averaged.retailer,
            averaged.clustering,
            averaged.cluster_name,
            {{ share(
                'coalesce(monthly.revenue, 0)',
                'cast(sum(coalesce(monthly.revenue, 0)) over months as double) / count(*) over months'
            ) }}
            as times_mean
        from averaged
        inner join complete_months on averaged.retailer = complete_months.retailer
        left join
            monthly
            on averaged.retailer = monthly.retailer
            and averaged.clustering = monthly.clustering
            and averaged.cluster_name = monthly.cluster_name
            and complete_months.month_start = monthly.month_start
        window
            months as (partition by averaged.retailer, averaged.clustering, averaged.cluster_name)
    ),

    varied as (
        select
            retailer,
            clustering,
            cluster_name,
            case
                when count(*) >= 3
                then
                    {{ rounded('sqrt(greatest(' ~ exact_mean('times_mean * times_mean') ~ ' - 1, 0))', 6) }}
            end as monthly_spend_variation
        from by_month
        group by retailer, clustering, cluster_name
    ),

    shaped as (
        select
            retailer,
            clustering,
            cluster_name,
            max(
                case when dimension = 'month' and rank_by_revenue = 1 then member end
            ) as peak_month,
            max(
                case when dimension = 'weekday' and rank_by_revenue = 1 then member end
            ) as peak_weekday,
            max(case when dimension = 'hour' and rank_by_revenue = 1 then member end) as peak_hour,
            {{ text_list(
            "case when dimension = 'product' and rank_by_customers <= 5 then member end",
            order_by='rank_by_customers'
        ) }} as favourite_products,
            {{ text_list(
            "case when dimension = 'category' and rank_by_revenue <= 3 then member end",
            order_by='rank_by_revenue'
        ) }} as favourite_categories,
            {{ text_list(
            "case when dimension = 'rfm_segment' then member || ' ' || "
            ~ as_decimal(rounded("100 * customer_share", 1), 4, 1) ~ " || ' %' end",
            order_by='rank_by_customers'
        ) }} as segment_shares
        from shapes
        group by retailer, clustering, cluster_name
    ),

    cluster_profiles as (
        select
            measured.retailer,
            measured.clustering,
            measured.cluster_name,
            cluster_strategies.cluster_name_ko,
            descriptions.description_en,
            descriptions.description_ko,
            measured.customers,
            {{ share('measured.customers', 'sum(measured.customers) over clustering_total') }}
            as customer_share,
            measured.orders,
            measured.order_lines,
            measured.units,
            measured.revenue,
            measured.returned_units,
            measured.returned_revenue,
            measured.net_units,
            measured.net_revenue,
            measured.return_rate,
            measured.discount,
            measured.costed_revenue,
            measured.margin,
            measured.margin_rate,
            {{ share('measured.revenue', 'sum(measured.revenue) over clustering_total') }}
            as revenue_share,
            {{ share('measured.units', 'measured.order_lines') }} as units_per_line,
            {{ share('measured.revenue', 'measured.order_lines') }} as revenue_per_line,
            {{ share('measured.revenue', 'measured.orders') }} as revenue_per_order,
            {{ share('measured.revenue', 'measured.customers') }} as revenue_per_customer,
            averaged.recency_days_mean,
            averaged.frequency_mean,
            averaged.monetary_mean,
            cast(shaped.peak_month as {{ dbt.type_bigint() }}) as peak_month,
            cast(shaped.peak_weekday as {{ dbt.type_bigint() }}) as peak_weekday,
            cast(shaped.peak_hour as {{ dbt.type_bigint() }}) as peak_hour,
            shaped.favourite_products,
            shaped.favourite_categories,
            shaped.segment_shares,
            averaged.silhouette_mean,
            varied.monthly_spend_variation,
            coalesce(
                diagnostics.stands_apart and averaged.silhouette_mean > 0, false
            ) as stands_apart
        from measured
        inner join averaged using (retailer, clustering, cluster_name)
        inner join shaped using (retailer, clustering, cluster_name)
        left join varied using (retailer, clustering, cluster_name)
        left join diagnostics using (retailer, clustering)
        left join cluster_strategies using (clustering, cluster_name)
        left join
            descriptions
            on measured.retailer = descriptions.retailer
            and measured.clustering = descriptions.grouping_name
            and measured.cluster_name = descriptions.group_name
        window clustering_total as (partition by measured.retailer, measured.clustering)
    )

select *
from cluster_profiles
