with

    order_lines as (select * from {{ ref('order_lines') }}),

    described_by_shop as (select * from {{ ref('int_customers__unioned') }}),

    known as (
        select retailer, max(date_day) as as_of_date from {{ ref('dates') }} group by retailer
    ),

    ordered as (
        select
            retailer,
            customer_id,
            order_id,
            ordered_at,
            min(country) as country,
            count(*) as order_lines,
            sum(quantity) as units,
            sum(amount) as revenue,
            {{ margin_measures() }}
        from order_lines
        group by retailer, customer_id, order_id, ordered_at
    ),

    latest as (
        select
            *,
            row_number() over (
                partition by retailer, customer_id order by ordered_at desc, order_id desc
            ) as recency_rank
        from ordered
    ),

    measured as (
        select
            retailer,
            customer_id,
            max(case when recency_rank = 1 then country end) as country,
            min(ordered_at) as first_ordered_at,
            max(ordered_at) as last_ordered_at,
            count(distinct order_id) as orders,
            cast(sum(order_lines) as {{ dbt.type_bigint() }}) as order_lines,
            {{ total('units', total_type()) }} as units,
            {{ total('revenue', total_type()) }} as revenue,
            {{ margin_sums('discount', 'costed_revenue', 'margin') }}
        from latest
        group by retailer, customer_id
    ),

    -- a customer listed twice is one customer
    described as (
        select
            retailer,
            customer_id,
            min(gender) as gender,
            min(age_band) as age_band,
            min(birth_year) as birth_year,
            min(country) as country,
            min(city) as city,
            min(email) as email,
            min(cast(has_consented as {{ dbt.type_int() }})) = 1 as has_consented
        from described_by_shop
        group by retailer, customer_id
    ),

    returned as (
        select retailer, customer_id, sum(units) as returned_units, sum(amount) as returned_revenue
        from {{ ref('int_returns') }}
        group by retailer, customer_id
    ),

    customers as (
        select
            measured.retailer,
            measured.customer_id,
            coalesce(measured.country, described.country) as country,
            coalesce(described.gender, 'unknown') as gender,
            coalesce(
                described.age_band,
                {{ decade_of('extract(year from known.as_of_date) - described.birth_year') }},
                'unknown'
            ) as age_band,
            described.city,
            described.email,
            described.has_consented,
            measured.first_ordered_at,
            measured.last_ordered_at,
            measured.orders,
            measured.order_lines,
            measured.units,
            measured.revenue,
            {{ after_returns('measured', 'returned') }},
            measured.discount,
            measured.costed_revenue,
            measured.margin,
            measured.margin_rate
        from measured
        inner join known on measured.retailer = known.retailer
        left join
            described
            on measured.retailer = described.retailer
            and measured.customer_id = described.customer_id
        left join
            returned
            on measured.retailer = returned.retailer
            and measured.customer_id = returned.customer_id
    )

select *
from customers
