{% macro row_text(columns) %}
    concat_ws(
        '|',
        {% for column in columns %}
            coalesce(
                cast({{ column }} as {{ dbt.type_string() }}), '<null>'
            ){{ "," if not loop.last }}
        {% endfor %}
    )
{% endmacro %}
