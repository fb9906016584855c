with

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    shapes as (select * from {{ ref('int_customer_shapes') }}),

    counted as (
        select
            customer_clusters.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            shapes.dimension,
            shapes.member,
            cast(sum(shapes.orders) as {{ dbt.type_bigint() }}) as orders,
            count(*) as customers,
            cast(sum(shapes.order_lines) as {{ dbt.type_bigint() }}) as order_lines,
            {{ total('shapes.units', total_type()) }} as units,
            {{ total('shapes.revenue', total_type()) }} as revenue
        from customer_clusters
        inner join
            shapes
            on customer_clusters.retailer = shapes.retailer
            and customer_clusters.customer_id = shapes.customer_id
        group by
            customer_clusters.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            shapes.dimension,
            shapes.member
    ),

    sizes as (
        select retailer, clustering, cluster_name, count(*) as cluster_customers
        from customer_clusters
        group by retailer, clustering, cluster_name
    ),

    cluster_shapes as (
        select
            counted.*,
            {{ share('counted.order_lines', 'sum(counted.order_lines) over whole') }}
            as order_line_share,
            {{ share('counted.revenue', 'sum(counted.revenue) over whole') }} as revenue_share,
            {{ share('counted.customers', 'sizes.cluster_customers') }} as customer_share,
            cast(
                row_number() over (
                    partition by
                        counted.retailer,
                        counted.clustering,
                        counted.cluster_name,
                        counted.dimension
                    order by counted.revenue desc, counted.member
                ) as {{ dbt.type_bigint() }}
            ) as rank_by_revenue,
            cast(
                row_number() over (
                    partition by
                        counted.retailer,
                        counted.clustering,
                        counted.cluster_name,
                        counted.dimension
                    order by counted.customers desc, counted.member
                ) as {{ dbt.type_bigint() }}
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
