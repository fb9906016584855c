with

    source as (select * from {{ read_source('orders', 'order_lines') }}),

    retailers as (select * from {{ ref('retailers') }}),

    -- a shop without quantities sells one unit a line; a quantity that is missing among others
    -- stays so
    counted as (select retailer, count(quantity) as quantities from source group by retailer),

    timed as (
        select
            source.*,
            retailers.revenue,
            case when retailers.item_level = 'none' then 'purchase' end as only_product,
            coalesce(source.channel, retailers.channel) as channel_or_default,
            case
                when source.ordered_at is not null
                then source.ordered_at
                when source.ordered_time is not null
                then {{ at_time_of_day('source.ordered_on', 'source.ordered_time') }}
                else source.ordered_on
            end as line_at,
            coalesce(source.quantity, case when counted.quantities = 0 then 1 end) as units
        from source
        inner join retailers on source.retailer = retailers.retailer
        inner join counted on source.retailer = counted.retailer
    ),

    -- a line that is marked as a return takes back what it holds, however its signs are
    signed as (
        select
            *,
            case when coalesce(is_return, false) then - abs(units) else units end as signed_units,
            case
                when coalesce(is_return, false) then - abs(amount) else amount
            end as signed_amount,
            case when revenue = 'after_discount' then coalesce(discount, 0) else 0 end as taken_off
        from timed
    ),

    -- what was paid counts; without it, quantity times price less the discount on as many units
    priced as (
        select
            *,
            coalesce(
                signed_amount,
                case
                    when taken_off <> 0
                    then
                        {{ line_amount('signed_units', 'unit_price') }}
                        - case when signed_units < 0 then - taken_off else taken_off end
                end
            ) as line_amount
        from signed
    ),

    stg_orders__order_lines as (
        select
            -- -------- ids
            retailer,
            coalesce(
                order_id,
                coalesce(customer_id, '') || '@' || cast(line_at as {{ dbt.type_string() }})
            ) as order_id,
            line_number,
            coalesce(product_id, trim(product_name), only_product) as product_id,
            customer_id,

            -- -------- text
            coalesce(product_name, only_product) as product_name,
            country,
            channel_or_default as channel,
            store,

            -- -------- times
            line_at as ordered_at,

            -- -------- numbers
            signed_units as quantity,
            case
                when line_amount is null
                then unit_price
                else {{ as_numeric(share("line_amount", "signed_units")) }}
            end as unit_price,
            cast(line_amount as {{ numeric_type() }}) as amount,
            discount,
            unit_cost
        from priced
        where {{ known_as_of('line_at') }}
    )

select *
from stg_orders__order_lines
