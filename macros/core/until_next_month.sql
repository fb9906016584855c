{% macro until_next_month(in_time) %}
    lead(month_start, 1, cast('9999-12-31' as date)) over {{ in_time }}
{% endmacro %}
