{% macro log10_from_one(value) %} log10(greatest(cast({{ value }} as double), 1)) {% endmacro %}
