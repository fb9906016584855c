{% macro numeric_type() %} decimal(18, 4) {% endmacro %}

{% macro total_type() %} decimal(38, 4) {% endmacro %}
