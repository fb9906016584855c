with

    returns as (select * from {{ ref('int_returns') }}),

    retailers as (select * from {{ ref('retailers') }} where money = 'net'),

    customer_codes as (select * from {{ ref('int_customer_codes') }}),

    product_codes as (select * from {{ ref('int_product_codes') }}),

    int_money_back as (
        select
            returns.retailer,
            customer_codes.customer_code,
            product_codes.product_code,
            returns.ordered_at as returned_at,
            returns.amount
        from returns
        inner join retailers on returns.retailer = retailers.retailer
        inner join
            customer_codes
            on returns.retailer = customer_codes.retailer
            and returns.customer_id = customer_codes.customer_id
        left join
            product_codes
            on returns.retailer = product_codes.retailer
            and returns.product_id = product_codes.product_id
    )

select *
from int_money_back
