{% macro declared_retailers() %}
    {% if not execute %} {% do return("(select 1)") %} {% endif %}
    {% do return("(" ~ palette_python("retailers_sql", []) ~ ")") %}
{% endmacro %}
