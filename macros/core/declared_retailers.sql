{% macro declared_retailers(columns) %}
    {% if not execute %} {% do return("(select 1)") %} {% endif %}
    {% do return("(" ~ text_rows(columns, palette_python("retailer_rows", [])) ~ ")") %}
{% endmacro %}
