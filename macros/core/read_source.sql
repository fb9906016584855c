{% macro read_source(source_name, table_name) %}
    {# Calling source() draws the lineage; the files behind it are found when the model runs. #}
    {% do source(source_name, table_name) %}
    {% if not execute %} {% do return("(select 1)") %} {% endif %}
    {% set answer = palette_python("source_sql", [source_name, table_name, enabled_retailers() | join(",")]) %}
    {% do return("(" ~ answer ~ ")") %}
{% endmacro %}
