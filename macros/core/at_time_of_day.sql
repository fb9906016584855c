{% macro at_time_of_day(day, time_of_day) %}
    {% set minutes %}
        60 * cast(substr({{ time_of_day }}, 1, 2) as {{ dbt.type_bigint() }})
        + cast(substr({{ time_of_day }}, 4, 2) as {{ dbt.type_bigint() }})
    {% endset %}
    {{ dbt.dateadd("minute", minutes, day) }}
{% endmacro %}
