{%- set declared = [
    'retailer', 'retailer_name', 'form', 'country_code', 'subdivision', 'currency', 'time_zone', 'recency_unit',
    'item_level', 'revenue', 'money', 'channel', 'cleaning_steps', 'service_lines', 'product_themes', 'super_categories',
    'recommendation_rules'
] -%}

with

    declarations as (select * from {{ declared_retailers() }}),

    retailers as (
        select
            {%- for column in declared %}
                cast(
                    {{ column }} as {{ dbt.type_string() }}
                ) as {{ column }}{{ "," if not loop.last }}
            {%- endfor %}
        from declarations
    )

select *
from retailers
