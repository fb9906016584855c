{% macro exact_mean(value, of=none) %}
    cast(sum(cast({{ value }} as decimal(28, 9))) as double)
    / nullif({{ of or "count(" ~ value ~ ")" }}, 0)
{% endmacro %}
