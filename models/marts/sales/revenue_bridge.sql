{%- set parts = ['new', 'won_back', 'more', 'less', 'lost'] -%}

with

    customer_monthly as (
        select retailer, customer_id, month_start, revenue, order_lines > 0 as has_bought
        from {{ ref('customer_monthly') }}
    ),

    customers as (
        select retailer, customer_id, {{ month_start('first_ordered_at') }} as first_month
        from {{ ref('customers') }}
    ),

    months as (select * from {{ ref('int_months') }}),

    -- each month of a customer is the one before of the next
    beside_each_other as (
        select
            retailer,
            customer_id,
            month_start,
            0 as previous_revenue,
            revenue,
            false as had_bought,
            has_bought
        from customer_monthly

        union all

        select
            retailer,
            customer_id,
            cast({{ dbt.dateadd('month', 1, 'month_start') }} as date) as month_start,
            revenue as previous_revenue,
            0 as revenue,
            has_bought as had_bought,
            false as has_bought
        from customer_monthly
    ),

    compared as (
        select
            retailer,
            customer_id,
            month_start,
            sum(previous_revenue) as previous_revenue,
            sum(revenue) as revenue,
            bool_or(had_bought) as had_bought,
            bool_or(has_bought) as has_bought
        from beside_each_other
        group by retailer, customer_id, month_start
    ),

    -- whatever changed of a customer's revenue is of one part, so that the parts add up
    parted as (
        select
            compared.*,
            compared.revenue - compared.previous_revenue as change,
            case
                when compared.has_bought and compared.month_start = customers.first_month
                then 'new'
                when compared.has_bought and not compared.had_bought
                then 'won_back'
                when compared.had_bought and not compared.has_bought
                then 'lost'
                when compared.revenue > compared.previous_revenue
                then 'more'
                when compared.revenue < compared.previous_revenue
                then 'less'
            end as part
        from compared
        inner join
            customers
            on compared.retailer = customers.retailer
            and compared.customer_id = customers.customer_id
    ),

    added_up as (
        select
            months.retailer,
            months.month_start,
            {{ total('parted.previous_revenue', total_type()) }} as previous_revenue,
            {{ total('parted.revenue', total_type()) }} as revenue,
            {% for part in parts %}
                {{ total("case when parted.part = '" ~ part ~ "' then parted.change end", total_type()) }}
                as {{ part }}_revenue,
            {% endfor %}
            {% for part in parts %}
                count(case when parted.part = '{{ part }}' then 1 end) as {{ part }}_customers,
            {% endfor %}
            max(months.month_number) as month_number,
            bool_and(months.has_ended and months.is_known_from_its_first_day) as is_whole
        from months
        left join
            parted on months.retailer = parted.retailer and months.month_start = parted.month_start
        group by months.retailer, months.month_start
    ),

    revenue_bridge as (
        select
            this_month.retailer,
            this_month.month_start,
            this_month.previous_revenue,
            {% for part in parts %} this_month.{{ part }}_revenue, {% endfor %}
            this_month.revenue,
            cast(
                this_month.revenue - this_month.previous_revenue as {{ total_type() }}
            ) as revenue_change,
            cast(
                this_month.previous_revenue
                + this_month.less_revenue
                + this_month.lost_revenue as {{ total_type() }}
            ) as kept_revenue,
            {% for part in parts %} this_month.{{ part }}_customers, {% endfor %}
            coalesce(this_month.is_whole and before.is_whole, false) as is_complete,
            this_month.month_number = 1 as is_before_data
        from added_up as this_month
        left join
            added_up as before
            on this_month.retailer = before.retailer
            and this_month.month_number = before.month_number + 1
    )

select *
from revenue_bridge
