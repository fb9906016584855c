{%- set per_customer = var('recommendations_per_customer') -%}

with

    lines as (select * from {{ ref('int_cluster_lines') }} where clustering = 'rfm'),

    customer_clusters as (select * from {{ ref('customer_clusters') }} where clustering = 'rfm'),

    products as (select * from {{ ref('products') }}),

    bought as (select distinct retailer, customer_id, product_id from lines),

    bought_counts as (
        select retailer, customer_id, count(*) as products_bought
        from bought
        group by retailer, customer_id
    ),

    cluster_sizes as (
        select retailer, cluster_name, count(*) as cluster_customers
        from customer_clusters
        group by retailer, cluster_name
    ),

    cluster_products as (
        select
            retailer,
            cluster_name,
            product_id,
            count(distinct customer_id) as buyers,
            row_number() over (
                partition by retailer, cluster_name
                order by count(distinct customer_id) desc, sum(quantity) desc, product_id
            ) as popularity_rank
        from lines
        group by retailer, cluster_name, product_id
    ),

    -- a customer who bought n products needs no more than the cluster's first n + list length of
    -- them
    candidates as (
        select
            customer_clusters.retailer,
            customer_clusters.customer_id,
            customer_clusters.cluster_name,
            cluster_products.product_id,
            cluster_products.buyers,
            cluster_products.popularity_rank
        from customer_clusters
        inner join
            bought_counts
            on customer_clusters.retailer = bought_counts.retailer
            and customer_clusters.customer_id = bought_counts.customer_id
        inner join
            cluster_products
            on customer_clusters.retailer = cluster_products.retailer
            and customer_clusters.cluster_name = cluster_products.cluster_name
            and cluster_products.popularity_rank
            <= bought_counts.products_bought + {{ per_customer }}
    ),

    unbought as (
        select
            candidates.*,
            row_number() over (
                partition by candidates.retailer, candidates.customer_id
                order by candidates.popularity_rank
            ) as list_rank
        from candidates
        left join
            bought
            on candidates.retailer = bought.retailer
            and candidates.customer_id = bought.customer_id
            and candidates.product_id = bought.product_id
        where bought.product_id is null
    ),

    recommendations as (
        select
            unbought.retailer,
            unbought.customer_id,
            'discover' as list_name,
            unbought.list_rank as rank,
            unbought.product_id,
            products.product_name,
            'cluster_popularity' as model,
            {{ share('unbought.buyers', 'cluster_sizes.cluster_customers') }} as score,
            'Bought by ' || cast(
                round(
                    100.0 * unbought.buyers / cluster_sizes.cluster_customers
                ) as {{ dbt.type_int() }}
            )
            || ' % of the customers in the group '
            || unbought.cluster_name
            || ', not yet by this one' as reason,
            {{ json_object({
            'cluster_name': 'unbought.cluster_name',
            'buyers': 'unbought.buyers',
            'cluster_customers': 'cluster_sizes.cluster_customers',
            'popularity_rank': 'unbought.popularity_rank',
        }) }} as evidence
        from unbought
        inner join
            products
            on unbought.retailer = products.retailer
            and unbought.product_id = products.product_id
        inner join
            cluster_sizes
            on unbought.retailer = cluster_sizes.retailer
            and unbought.cluster_name = cluster_sizes.cluster_name
        where unbought.list_rank <= {{ per_customer }}
    )

select *
from recommendations
