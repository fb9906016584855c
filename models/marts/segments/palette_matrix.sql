with

    customer_palette as (select * from {{ ref('customer_palette') }}),

    counted as (
        select
            retailer,
            behaviour,
            consumption,
            palette_group,
            count(*) as customers,
            sum(case when is_predicted then 0 else 1 end) as fitted_customers,
            sum(case when is_predicted then 1 else 0 end) as predicted_customers
        from customer_palette
        group by retailer, behaviour, consumption, palette_group
    ),

    palette_matrix as (
        select
            retailer,
            behaviour,
            consumption,
            palette_group,
            customers,
            cast(fitted_customers as {{ dbt.type_bigint() }}) as fitted_customers,
            cast(predicted_customers as {{ dbt.type_bigint() }}) as predicted_customers,
            {{ share('customers', 'sum(customers) over retailer_total') }} as customer_share
        from counted
        window retailer_total as (partition by retailer)
    )

select *
from palette_matrix
