{#- The ways a cluster's purchases are broken down: name and the column that holds the member. -#}
{%- set dimensions = {
    'month': 'month_of_year', 'weekday': 'weekday', 'hour': 'hour_of_day', 'category': 'category',
    'product': 'product_name', 'rfm_segment': 'rfm_segment'
} -%}

with

    lines as (select * from {{ ref('int_cluster_lines') }}),

    counted as (
        {% for dimension, column in dimensions.items() %}
            select
                retailer,
                clustering,
                cluster_name,
                '{{ dimension }}' as dimension,
                cast({{ column }} as {{ dbt.type_string() }}) as member,
                {{ sales_measures() }}
            from lines
            group by
                retailer, clustering, cluster_name, {{ column }} {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    sizes as (
        select retailer, clustering, cluster_name, count(distinct customer_id) as cluster_customers
        from lines
        group by retailer, clustering, cluster_name
    ),

    cluster_shapes as (
        select
            counted.*,
            {{ share('counted.order_lines', 'sum(counted.order_lines) over whole') }}
            as order_line_share,
            {{ share('counted.revenue', 'sum(counted.revenue) over whole') }} as revenue_share,
            {{ share('counted.customers', 'sizes.cluster_customers') }} as customer_share,
            row_number() over (
                partition by
                    counted.retailer, counted.clustering, counted.cluster_name, counted.dimension
                order by counted.revenue desc, counted.member
            ) as rank_by_revenue,
            row_number() over (
                partition by
                    counted.retailer, counted.clustering, counted.cluster_name, counted.dimension
                order by counted.customers desc, counted.member
            ) as rank_by_customers
        from counted
        inner join
            sizes
            on counted.retailer = sizes.retailer
            and counted.clustering = sizes.clustering
            and counted.cluster_name = sizes.cluster_name
        window
            whole as (
                partition by
                    counted.retailer, counted.clustering, counted.cluster_name, counted.dimension
            )
    )

select *
from cluster_shapes
