-- Guards the returns: each mart holds all of those it can hold, and the purchases they undo no
-- more than
-- was bought; a join that drops or doubles one shows here first.
{% set sold = {'product_sales': 'product_id', 'customers': 'customer_id'} %}

with

    returns as (select * from {{ ref('returns') }}),

    whole as (
        select retailer, sum(quantity) as units, sum(amount) as revenue
        from returns
        group by retailer
    ),

    held as (
        {% for mart in ['sales_daily', 'sales_monthly', 'sales_by_weekday_hour', 'retailer_overview'] %}
            select
                '{{ mart }}' as mart,
                parts.retailer,
                sum(parts.returned_units) as units,
                sum(parts.returned_revenue) as revenue
            from {{ ref(mart) }} as parts
            group by parts.retailer
            union all
        {% endfor %}
        {% for mart, key in sold.items() %}
            -- who or what was never sold is no customer or product, and added here
            select '{{ mart }}' as mart, retailer, sum(units) as units, sum(revenue) as revenue
            from
                (
                    select retailer, returned_units as units, returned_revenue as revenue
                    from {{ ref(mart) }}
                    union all
                    select returns.retailer, returns.quantity as units, returns.amount as revenue
                    from returns
                    left join
                        {{ ref(mart) }} as sold
                        on returns.retailer = sold.retailer
                        and returns.{{ key }} = sold.{{ key }}
                    where sold.{{ key }} is null
                ) as both_kinds
            group by retailer {{ 'union all' if not loop.last }}
        {% endfor %}
    ),

    matches as (
        select retailer, sum(matched_units) as units, sum(matched_amount) as revenue
        from returns
        group by retailer
    ),

    undone as (
        select
            retailer,
            sum(returned_units) as units,
            sum(returned_revenue) as revenue,
            min(net_units) as least_left
        from {{ ref('orders') }}
        group by retailer
    )

select held.mart, whole.retailer
from whole
left join held on whole.retailer = held.retailer
where held.units is distinct from whole.units or held.revenue is distinct from whole.revenue

union all

select 'orders' as mart, matches.retailer
from matches
left join undone on matches.retailer = undone.retailer
where
    undone.units is distinct from matches.units
    or undone.revenue is distinct from matches.revenue
    or undone.least_left < 0

union all

select 'returns' as mart, retailer
from returns
where matched_units > quantity or matched_amount > amount
