{% macro text_rows(columns, rows) %}
    select
        {%- for column in columns %}
            cast({{ column }} as {{ dbt.type_string() }}) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from
        (
            values
                {%- for row in rows or [{}] %}
                    (
                        {%- for column in columns -%}
                            {%- set value = row[column] -%}
                            {{ "null" if value is none or value is undefined else "'" ~ dbt.escape_single_quotes(value) ~ "'" }}
                            {{- ", " if not loop.last -}}
                        {%- endfor -%}
                    ){{ "," if not loop.last }}
                {%- endfor %}
        ) as given({{ columns | join(", ") }})
    {%- if not rows %} where false {%- endif %}
{% endmacro %}
