{# A price or the amount of one line: exact, so that sums do not depend on the order of the rows. #}
{% macro numeric_type() %} decimal(18, 4) {% endmacro %}

{# A sum of amounts. #}
{% macro total_type() %} decimal(38, 4) {% endmacro %}
