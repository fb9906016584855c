-- Guards revenue_bridge: its parts must be the whole change of sales_monthly's revenue, to the
-- cent; a
-- customer who is of two parts, or of none, would make a bridge that does not reach the other side.
select
    bridge.retailer,
    bridge.month_start,
    bridge.previous_revenue,
    bridge.revenue,
    sales_monthly.revenue as sold
from {{ ref('revenue_bridge') }} as bridge
full outer join
    {{ ref('sales_monthly') }} as sales_monthly
    on bridge.retailer = sales_monthly.retailer
    and bridge.month_start = sales_monthly.month_start
left join
    {{ ref('sales_monthly') }} as before
    on bridge.retailer = before.retailer
    and bridge.month_start = {{ dbt.dateadd('month', 1, 'before.month_start') }}
where
    coalesce(bridge.revenue, 0) <> coalesce(sales_monthly.revenue, 0)
    or bridge.previous_revenue <> coalesce(before.revenue, 0)
    or bridge.revenue
    <> bridge.previous_revenue
    + bridge.new_revenue
    + bridge.won_back_revenue
    + bridge.more_revenue
    + bridge.less_revenue
    + bridge.lost_revenue
    or bridge.kept_revenue
    <> bridge.revenue - bridge.new_revenue - bridge.won_back_revenue - bridge.more_revenue
