with

    spells as (select * from {{ ref('int_customer_spells') }}),

    customer_changes as (
        select
            retailer,
            customer_id,
            month_end,
            rfm_segment,
            previous_rfm_segment as previous_segment,
            rfm_segment_changed_on as changed_on,
            direction,
            rfm_cluster,
            previous_rfm_cluster,
            rfm_cluster_changed_on,
            palette_group,
            previous_palette_group,
            palette_group_changed_on,
            revenue_12_months
        from spells
        where
            (rfm_segment_changed_on = month_end and previous_rfm_segment is not null)
            or (rfm_cluster_changed_on = month_end and previous_rfm_cluster is not null)
            or (palette_group_changed_on = month_end and previous_palette_group is not null)
    )

select *
from customer_changes
