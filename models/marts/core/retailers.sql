{%- set declared = [
    'retailer', 'retailer_name', 'form', 'country_code', 'subdivision', 'currency', 'time_zone', 'recency_unit',
    'item_level', 'revenue', 'money', 'channel', 'cleaning_steps', 'service_lines', 'product_themes', 'super_categories',
    'recommendation_rules'
] -%}

with

    declarations as (select * from {{ declared_retailers(declared) }}),

    retailers as (select {{ declared | join(", ") }} from declarations)

select *
from retailers
