{% macro log10_from_one(value) %}
    {#- The last digit is each library's own. -#}
    {{ rounded("log10(greatest(cast(" ~ value ~ " as double), 1))", 9) }}
{% endmacro %}
