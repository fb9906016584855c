{% macro exact_sum(figure) %} sum({{ as_decimal(figure, 28, 6) }}) {% endmacro %}
