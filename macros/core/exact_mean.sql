{% macro exact_mean(value, of=none) %}
    cast(sum({{ as_decimal(value, 28, 9) }}) as double)
    / nullif({{ of or "count(" ~ value ~ ")" }}, 0)
{% endmacro %}
