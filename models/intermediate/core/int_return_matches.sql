{#- The purchases of a customer and a product are a pile: each return takes from its top, what was bought last
and is not back yet. Heights are units from the ground. An id comes last: it holds the name of the retailer. -#}
{%- set pile = 'partition by retailer, customer_id, product_id' -%}
{%- set in_time = 'order by happened_at, is_return, order_id, units, amount, order_line_id' -%}

with

    order_lines as (select * from {{ ref('order_lines') }}),

    returns as (select * from {{ ref('int_returns') }}),

    returned as (select distinct retailer, customer_id, product_id from returns),

    movements as (
        select
            order_lines.retailer,
            order_lines.customer_id,
            order_lines.product_id,
            order_lines.order_line_id,
            order_lines.order_id,
            order_lines.ordered_at as happened_at,
            0 as is_return,
            order_lines.quantity as units,
            order_lines.amount
        from order_lines
        inner join
            returned
            on order_lines.retailer = returned.retailer
            and order_lines.customer_id = returned.customer_id
            and order_lines.product_id = returned.product_id

        union all

        select
            retailer,
            customer_id,
            product_id,
            order_line_id,
            order_id,
            ordered_at as happened_at,
            1 as is_return,
            - units as units,
            amount
        from returns
    ),

    added_up as (
        select
            *,
            row_number() over ({{ pile }} {{ in_time }}) as place,
            sum(units) over ({{ pile }} {{ in_time }} rows unbounded preceding) as net_units
        from movements
    ),

    -- what is returned of nothing leaves the pile empty
    grounded as (
        select
            *,
            net_units - least(
                min(net_units) over ({{ pile }} {{ in_time }} rows unbounded preceding), 0
            ) as height
        from added_up
    ),

    piled as (
        select
            retailer,
            customer_id,
            product_id,
            order_line_id,
            order_id,
            happened_at,
            place,
            is_return,
            units,
            height,
            coalesce(lag(height) over ({{ pile }} {{ in_time }}), 0) as height_before
        from grounded
    ),

    -- of a purchase, what no earlier return has taken when the next one comes
    met as (
        select
            purchases.retailer,
            takers.order_line_id as return_line_id,
            purchases.order_line_id,
            purchases.order_id,
            purchases.happened_at as ordered_at,
            takers.height_before as top,
            takers.height as bottom,
            - takers.units as returned_units,
            purchases.height_before as purchase_bottom,
            least(
                purchases.height,
                coalesce(
                    min(takers.height) over (
                        partition by purchases.order_line_id
                        order by takers.place
                        rows between unbounded preceding and 1 preceding
                    ),
                    purchases.height
                )
            ) as purchase_top
        from piled as purchases
        inner join
            piled as takers
            on purchases.retailer = takers.retailer
            and purchases.customer_id = takers.customer_id
            and purchases.product_id = takers.product_id
            and purchases.place < takers.place
        where purchases.is_return = 0 and takers.is_return = 1
    ),

    taken as (
        select
            *,
            top - purchase_top as units_above,
            purchase_top - greatest(purchase_bottom, bottom) as units
        from met
        where purchase_top > greatest(purchase_bottom, bottom)
    ),

    -- a return's money is shared by units: what is rounded off one part is in the next
    int_return_matches as (
        select
            taken.retailer,
            taken.return_line_id,
            taken.order_line_id,
            taken.order_id,
            taken.ordered_at,
            cast(taken.units as {{ numeric_type() }}) as units,
            cast(
                {{ as_numeric(
                    share('(taken.units_above + taken.units)', 'taken.returned_units')
                    ~ ' * cast(returns.amount as double)'
                ) }}
                - {{ as_numeric(
                    share('taken.units_above', 'taken.returned_units')
                    ~ ' * cast(returns.amount as double)'
                ) }} as {{ numeric_type() }}
            ) as amount
        from taken
        inner join
            returns
            on taken.retailer = returns.retailer
            and taken.return_line_id = returns.order_line_id
    )

select *
from int_return_matches
