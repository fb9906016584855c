{% macro row_text(columns) %}
    concat_ws(
        '|',
        {% for column in columns %}
            coalesce(
                replace(
                    replace(
                        replace(cast({{ column }} as {{ dbt.type_string() }}), '~', '~0'), '|', '~1'
                    ),
                    '<null>',
                    '~2'
                ),
                '<null>'
            ){{ "," if not loop.last }}
        {% endfor %}
    )
{% endmacro %}
