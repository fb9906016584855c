with

    totals as (select * from {{ ref('int_rfm_class_totals') }}),

    nine as ({{ dbt.generate_series(9) }}),

    dimensions as (select distinct retailer, dimension from totals),

    filled as (
        select
            dimensions.retailer,
            dimensions.dimension,
            cast(nine.generated_number as {{ dbt.type_bigint() }}) as class,
            coalesce(totals.customers, 0) as customers,
            coalesce(totals.amount, 0) as amount
        from dimensions
        cross join nine
        left join
            totals
            on dimensions.retailer = totals.retailer
            and dimensions.dimension = totals.dimension
            and nine.generated_number = totals.class
    ),

    shares as (
        select
            *,
            {{ share('customers', 'sum(customers) over whole') }} as percent,
            {{ share('amount', 'sum(amount) over whole') }} as amount_contribution
        from filled
        window whole as (partition by retailer, dimension)
    ),

    rfm_contribution as (
        select
            retailer,
            dimension,
            class,
            customers,
            cast(amount as {{ total_type() }}) as amount,
            percent,
            amount_contribution,
            coalesce(amount_contribution / nullif(percent, 0), 0) as contribution_effect
        from shares
    )

select *
from rfm_contribution
