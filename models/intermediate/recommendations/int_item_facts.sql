with

    purchases as (select * from {{ ref('int_item_purchases') }}),

    known as (
        select
            retailer,
            max(ordered_at) as known_until,
            {{ dbt.dateadd('day', -28, 'max(ordered_at)') }} as recent_after
        from purchases
        group by retailer
    ),

    -- a customer and an item once: no column has to be counted distinct
    bought as (
        select
            retailer,
            item_code,
            customer_code,
            count(*) as orders,
            min(ordered_at) as first_bought_at,
            max(ordered_at) as last_bought_at
        from purchases
        group by retailer, item_code, customer_code
    ),

    counted as (
        select
            bought.retailer,
            bought.item_code,
            known.known_until,
            known.recent_after,
            count(*) as buyers,
            count(
                case when bought.last_bought_at > known.recent_after then 1 end
            ) as buyers_28_days,
            sum(bought.orders) as orders,
            min(bought.first_bought_at) as first_sold_at,
            max(bought.last_bought_at) as last_sold_at
        from bought
        inner join known on bought.retailer = known.retailer
        group by bought.retailer, bought.item_code, known.known_until, known.recent_after
    ),

    int_item_facts as (
        select
            retailer,
            item_code,
            cast(buyers as {{ dbt.type_int() }}) as buyers,
            cast(buyers_28_days as {{ dbt.type_int() }}) as buyers_28_days,
            cast(orders as {{ dbt.type_int() }}) as orders,
            first_sold_at,
            last_sold_at,
            first_sold_at > recent_after as is_new,
            known_until
        from counted
    )

select *
from int_item_facts
