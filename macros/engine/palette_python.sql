{% macro palette_python(function, arguments) %}
    {% do return(adapter.dispatch("palette_python", "palette")(function, arguments)) %}
{% endmacro %}


{% macro default__palette_python(function, arguments) %}
    {% set literals = [] %}
    {% for argument in arguments %}
        {% do literals.append("'" ~ argument.replace("'", "''") ~ "'") %}
    {% endfor %}
    {% set sql = "select palette_" ~ function ~ "(" ~ literals | join(", ") ~ ")" %}
    {% set answer = fromjson(run_query(sql).columns[0].values()[0]) %}
    {% if answer.error %} {% do exceptions.raise_compiler_error(answer.error) %} {% endif %}
    {% do return(answer.result) %}
{% endmacro %}
