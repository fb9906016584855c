-- Guards the shares of the segment, cluster and country marts: a share of the wrong whole looks
-- plausible row by
-- row, and only the sum gives it away.
with

    sums as (
        select 'rfm_segment_profiles' as mart, sum(customer_share) as total
        from {{ ref('rfm_segment_profiles') }}
        group by retailer

        union all

        select 'rfm_grid' as mart, sum(customer_share) as total
        from {{ ref('rfm_grid') }}
        group by retailer

        union all

        select 'rfm_grid' as mart, sum(revenue_share) as total
        from {{ ref('rfm_grid') }}
        group by retailer

        union all

        select 'cluster_profiles' as mart, sum(revenue_share) as total
        from {{ ref('cluster_profiles') }}
        group by retailer, clustering

        union all

        select 'sales_by_country' as mart, sum(order_line_share) as total
        from {{ ref('sales_by_country') }}
        group by retailer

        union all

        select 'cluster_shapes' as mart, sum(revenue_share) as total
        from {{ ref('cluster_shapes') }}
        group by retailer, clustering, cluster_name, dimension
    )

select *
from sums
where abs(total - 1) > 0.000001
