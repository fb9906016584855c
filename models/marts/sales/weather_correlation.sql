{%- set measures = ['mean_temperature', 'rainfall'] -%}

with

    sales_daily as (select * from {{ ref('sales_daily') }}),

    weather_correlation as (
        {% for measure in measures %}
            select
                retailer,
                '{{ measure }}' as measure,
                count(*) as days,
                {{ rounded('corr(cast(revenue as double), ' ~ measure ~ ')', 9) }}
                as revenue_correlation
            from sales_daily
            where {{ measure }} is not null
            group by retailer {{ 'union all' if not loop.last }}
        {% endfor %}
    )

select *
from weather_correlation
