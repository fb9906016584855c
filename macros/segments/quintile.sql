{# Quintile 1..5 of a measure, given the columns `<measure>_p20` .. `_p80`: a value on an edge stays in the lower bin. #}
{% macro quintile(measure) %}
    cast(
        1
        {% for percent in [20, 40, 60, 80] %}
            + case when {{ measure }} > {{ measure }}_p{{ percent }} then 1 else 0 end
        {% endfor %} as {{ dbt.type_bigint() }}
    )
{% endmacro %}
