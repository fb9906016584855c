{% macro exact_sum(figure) %} sum(cast({{ figure }} as decimal(38, 6))) {% endmacro %}
