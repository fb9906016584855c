{% macro decade_of(age) %}
    case
        when {{ age }} between 0 and 120
        then
            cast(
                10 * cast(
                    floor(({{ age }}) / 10) as {{ dbt.type_bigint() }}
                ) as {{ dbt.type_string() }}
            )
    end
{% endmacro %}
