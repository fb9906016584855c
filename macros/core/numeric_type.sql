{% macro numeric_type() %} decimal(18, 4) {% endmacro %}

{% macro total_type() %} decimal(38, 4) {% endmacro %}

{% macro as_numeric(value) %} {{ as_decimal(value, 18, 4) }} {% endmacro %}
