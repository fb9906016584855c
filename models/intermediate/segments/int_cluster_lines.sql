with

    order_lines as (select * from {{ ref('order_lines') }}),

    customer_clusters as (select * from {{ ref('customer_clusters') }}),

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    products as (select * from {{ ref('products') }}),

    int_cluster_lines as (
        select
            order_lines.retailer,
            customer_clusters.clustering,
            customer_clusters.cluster_name,
            order_lines.customer_id,
            order_lines.order_id,
            order_lines.product_id,
            order_lines.quantity,
            order_lines.amount,
            products.product_name,
            products.category,
            customer_rfm.rfm_segment,
            cast(
                extract(month from order_lines.ordered_at) as {{ dbt.type_bigint() }}
            ) as month_of_year,
            cast({{ iso_weekday('order_lines.ordered_on') }} as {{ dbt.type_bigint() }}) as weekday,
            cast(
                extract(hour from order_lines.ordered_at) as {{ dbt.type_bigint() }}
            ) as hour_of_day
        from order_lines
        inner join
            customer_clusters
            on order_lines.retailer = customer_clusters.retailer
            and order_lines.customer_id = customer_clusters.customer_id
        inner join
            customer_rfm
            on order_lines.retailer = customer_rfm.retailer
            and order_lines.customer_id = customer_rfm.customer_id
        inner join
            products
            on order_lines.retailer = products.retailer
            and order_lines.product_id = products.product_id
    )

select *
from int_cluster_lines
