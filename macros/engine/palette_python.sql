{% macro palette_python(function, arguments) %}
    {% do return(adapter.dispatch("palette_python", "palette")(function, arguments)) %}
{% endmacro %}


{% macro default__palette_python(function, arguments) %}
    {% set literals = [] %}
    {% for argument in arguments %}
        {% do literals.append("'" ~ argument.replace("'", "''") ~ "'") %}
    {% endfor %}
    {% set sql = "select palette_" ~ function ~ "(" ~ literals | join(", ") ~ ")" %}
    {% do return(result_of(run_query(sql).columns[0].values()[0])) %}
{% endmacro %}

{% macro spark__palette_python(function, arguments) %}
    {% do return(result_of(adapter.call("palette.dbt_plugin.ask", function, *arguments))) %}
{% endmacro %}


{% macro result_of(answer) %}
    {% set answer = fromjson(answer) %}
    {% if answer.error %} {% do exceptions.raise_compiler_error(answer.error) %} {% endif %}
    {% do return(answer.result) %}
{% endmacro %}
