with

    customers as (select * from {{ ref('customers') }}),

    int_customer_codes as (
        select retailer, customer_id, {{ code_of('customer_id') }} as customer_code from customers
    )

select *
from int_customer_codes
