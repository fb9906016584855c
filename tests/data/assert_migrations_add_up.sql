-- Guards segment_migrations: whoever was a customer at a month end left one group and entered
-- another, so
-- the moves into a group are its customers of that month end, and the moves out of it those of
-- the month
-- before; a move that is lost or counted twice shows here first.
with

    history as (
        select retailer, month_end, rfm_segment as group_name, count(*) as customers
        from {{ ref('customer_rfm_history') }}
        group by retailer, month_end, rfm_segment
    ),

    months as (select retailer, month_end, month_number from {{ ref('int_months') }}),

    moves as (select * from {{ ref('segment_migrations') }} where grouping_name = 'segment'),

    entered as (
        select retailer, month_end, to_group as group_name, sum(customers) as customers
        from moves
        where to_group <> 'gone'
        group by retailer, month_end, to_group
    ),

    departed as (
        select
            moves.retailer,
            before.month_end,
            moves.from_group as group_name,
            sum(moves.customers) as customers
        from moves
        inner join months on moves.retailer = months.retailer and moves.month_end = months.month_end
        inner join
            months as before
            on months.retailer = before.retailer
            and months.month_number = before.month_number + 1
        where moves.from_group <> 'new'
        group by moves.retailer, before.month_end, moves.from_group
    ),

    last_months as (
        select retailer, max(month_number) as month_number from months group by retailer
    )

select 'entered' as moved, history.retailer, history.month_end, history.group_name
from history
inner join months on history.retailer = months.retailer and history.month_end = months.month_end
left join
    entered
    on history.retailer = entered.retailer
    and history.month_end = entered.month_end
    and history.group_name = entered.group_name
where months.month_number > 1 and coalesce(entered.customers, 0) <> history.customers

union all

select 'left' as moved, history.retailer, history.month_end, history.group_name
from history
inner join months on history.retailer = months.retailer and history.month_end = months.month_end
inner join last_months on months.retailer = last_months.retailer
left join
    departed
    on history.retailer = departed.retailer
    and history.month_end = departed.month_end
    and history.group_name = departed.group_name
where
    months.month_number < last_months.month_number
    and coalesce(departed.customers, 0) <> history.customers
