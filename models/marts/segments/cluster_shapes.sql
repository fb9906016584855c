{#- The ways a cluster's purchases are broken down: name and the column that holds the member. -#}
{%- set of_orders = {
    'month': 'month_of_year', 'weekday': 'weekday', 'hour': 'hour_of_day', 'rfm_segment': 'rfm_segment'
} -%}
{%- set of_lines = {'category': 'category', 'product': 'product_name'} -%}

with

    lines as {{ inlined() }} (
        select *, 1 as order_lines, quantity as units, amount as revenue
        from {{ ref('int_cluster_lines') }}
    ),

    -- what most lines of an order share is counted on a twentieth of the rows
    orders as (
        select
            retailer,
            clustering,
            cluster_name,
            customer_id,
            order_id,
            {{ of_orders.values() | join(', ') }},
            sum(order_lines) as order_lines,
            sum(units) as units,
            sum(revenue) as revenue
        from lines
        group by
            retailer,
            clustering,
            cluster_name,
            customer_id,
            order_id,
            {{ of_orders.values() | join(', ') }}
    ),

    counted as (
        {% for rows, dimensions in {'orders': of_orders, 'lines': of_lines}.items() %}
            {% for dimension, column in dimensions.items() %}
                select
                    retailer,
                    clustering,
                    cluster_name,
                    '{{ dimension }}' as dimension,
                    cast({{ column }} as {{ dbt.type_string() }}) as member,
                    count(distinct order_id) as orders,
                    count(distinct customer_id) as customers,
                    {{ total('order_lines', dbt.type_bigint()) }} as order_lines,
                    {{ total('units', total_type()) }} as units,
                    {{ total('revenue', total_type()) }} as revenue
                from {{ rows }}
                group by
                    retailer,
                    clustering,
                    cluster_name,
                    {{ column }} {{ 'union all' if not loop.last }}
                {% endfor %} {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    sizes as (
        select retailer, clustering, cluster_name, count(distinct customer_id) as cluster_customers
        from orders
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
