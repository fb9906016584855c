with

    returned as (select * from {{ ref('int_returns') }}),

    matches as (select * from {{ ref('int_return_matches') }}),

    -- the purchase that a return undoes most of all, on a tie the latest
    ranked as (
        select
            *,
            row_number() over (
                partition by retailer, return_line_id
                order by units desc, ordered_at desc, order_id, order_line_id
            ) as match_rank
        from matches
    ),

    undone as (
        select
            retailer,
            return_line_id,
            {{ total('units', total_type()) }} as matched_units,
            {{ total('amount', total_type()) }} as matched_amount,
            max(case when match_rank = 1 then order_line_id end) as purchase_line_id,
            max(case when match_rank = 1 then order_id end) as purchase_order_id,
            max(case when match_rank = 1 then ordered_at end) as purchased_at
        from ranked
        group by retailer, return_line_id
    ),

    returns as (
        select
            -- -------- ids
            returned.retailer,
            returned.order_line_id,
            returned.order_id,
            returned.customer_id,
            returned.product_id,

            -- -------- times
            returned.ordered_at as returned_at,
            cast(returned.ordered_at as date) as returned_on,

            -- -------- numbers
            returned.units as quantity,
            returned.amount,

            -- -------- text
            returned.channel,
            returned.store,
            returned.country,

            -- -------- the purchase it undoes
            undone.purchase_line_id,
            undone.purchase_order_id,
            undone.purchased_at,
            cast(
                {{ dbt.datediff('undone.purchased_at', 'returned.ordered_at', 'day') }}
                as {{ dbt.type_bigint() }}
            ) as days_to_return,
            coalesce(undone.matched_units, 0) as matched_units,
            coalesce(undone.matched_amount, 0) as matched_amount,
            undone.purchase_line_id is not null as is_matched
        from returned
        left join
            undone
            on returned.retailer = undone.retailer
            and returned.order_line_id = undone.return_line_id
    )

select *
from returns
