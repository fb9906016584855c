{% set parts = {
    'orders': none, 'customers': none, 'sales_daily': none, 'sales_monthly': none,
    'customer_monthly': none, 'retailer_overview': none, 'sales_by_weekday_hour': none,
    'sales_by_country': none, 'product_sales': none,
    'cluster_profiles': "clustering = 'rfm'", 'cluster_shapes': "clustering = 'rfm'",
} %}

-- Guards the sales, customer and cluster marts: each breaks the kept lines down another way, so
-- the parts of
-- each must add up to the same lines, units and revenue; a join that drops or doubles rows shows
-- here first.
with

    whole as (
        select retailer, count(*) as order_lines, sum(quantity) as units, sum(amount) as revenue
        from {{ ref('order_lines') }}
        group by retailer
    ),

    parts as (
        {% for mart, condition in parts.items() %}
            {%- set dimension = "dimension" if mart == 'cluster_shapes' else "'all'" %}
            select
                '{{ mart }}' as mart,
                {{ dimension }} as breakdown,
                retailer,
                sum(order_lines) as order_lines,
                sum(units) as units,
                sum(revenue) as revenue
            from {{ ref(mart) }} {{ 'where ' ~ condition if condition }}
            group by retailer, {{ dimension }} {{ 'union all' if not loop.last }}
        {% endfor %}
    )

select parts.*
from parts
full outer join whole on parts.retailer = whole.retailer
where
    parts.order_lines is distinct from whole.order_lines
    or parts.units is distinct from whole.units
    or parts.revenue is distinct from whole.revenue
