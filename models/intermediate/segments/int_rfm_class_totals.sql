with

    customer_rfm as (select * from {{ ref('customer_rfm') }}),

    classed as (
        select
            retailer,
            monetary,
            {{ ninth_class('recency_days desc') }} as recency,
            {{ ninth_class('frequency') }} as frequency,
            {{ ninth_class('monetary') }} as monetary_class
        from customer_rfm
    ),

    int_rfm_class_totals as (
        {% for dimension, column in {
            'recency': 'recency', 'frequency': 'frequency', 'monetary': 'monetary_class'
        }.items() %}
            select
                retailer,
                '{{ dimension }}' as dimension,
                {{ column }} as class,
                count(*) as customers,
                {{ total('monetary', total_type()) }} as amount
            from classed
            group by retailer, {{ column }} {{ 'union all' if not loop.last }}
        {% endfor %}
    )

select *
from int_rfm_class_totals
