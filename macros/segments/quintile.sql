{% macro quintile(measure) %}
    cast(
        1
        {% for percent in [20, 40, 60, 80] %}
            + case when {{ measure }} > {{ measure }}_p{{ percent }} then 1 else 0 end
        {% endfor %} as {{ dbt.type_bigint() }}
    )
{% endmacro %}
