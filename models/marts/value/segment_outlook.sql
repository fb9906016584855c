with

    priorities as (select * from {{ ref('customer_priorities') }}),

    spells as (select * from {{ ref('int_customer_spells') }}),

    latest as (
        select
            spells.retailer,
            spells.rfm_segment,
            priorities.value_at_stake,
            spells.month_end,
            spells.previous_rfm_segment as previous_segment,
            spells.revenue_12_months,
            case when spells.months_in_rfm_segment = 0 then spells.direction end as moved
        from spells
        inner join
            priorities
            on spells.retailer = priorities.retailer
            and spells.customer_id = priorities.customer_id
    ),

    origins as (
        select
            retailer,
            rfm_segment,
            previous_segment,
            row_number() over (
                partition by retailer, rfm_segment order by count(*) desc, previous_segment
            ) as place
        from latest
        where moved = 'down'
        group by retailer, rfm_segment, previous_segment
    ),

    measured as (
        select
            retailer,
            rfm_segment,
            max(month_end) as month_end,
            count(*) as customers,
            sum(case when moved = 'down' then 1 else 0 end) as fallen_customers,
            {{ total("case when moved = 'down' then revenue_12_months end", total_type()) }}
            as fallen_revenue,
            sum(case when moved = 'up' then 1 else 0 end) as risen_customers,
            sum(case when moved = 'new' then 1 else 0 end) as new_customers,
            {{ exact_sum('value_at_stake') }} as value_at_stake
        from latest
        group by retailer, rfm_segment
    ),

    segment_outlook as (
        select
            measured.retailer,
            measured.rfm_segment,
            measured.month_end,
            measured.customers,
            cast(measured.fallen_customers as {{ dbt.type_bigint() }}) as fallen_customers,
            origins.previous_segment as fallen_from,
            measured.fallen_revenue,
            cast(measured.risen_customers as {{ dbt.type_bigint() }}) as risen_customers,
            cast(measured.new_customers as {{ dbt.type_bigint() }}) as new_customers,
            cast(measured.value_at_stake as double) as value_at_stake
        from measured
        left join
            origins
            on measured.retailer = origins.retailer
            and measured.rfm_segment = origins.rfm_segment
            and origins.place = 1
    )

select *
from segment_outlook
