{% macro read_source(form, table) %}
    {# Calling source() draws the lineage; the files behind it are landed before anything is built. #}
    {% do source(form, table) %}
    {% if not execute %} {% do return("(select 1)") %} {% endif %}
    {% do return("(" ~ landed(form, table) ~ ")") %}
{% endmacro %}
