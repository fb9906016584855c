{% macro filled(sentence) %}
    {% set parts = [] %}
    {% for piece in sentence.split("{") %}
        {% set column, brace, text = (
            piece.partition("}") if not loop.first else ("", "", piece)
        ) %}
        {% if column %}
            {% do parts.append("cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")") %}
        {% endif %}
        {% if text %} {% do parts.append("'" ~ dbt.escape_single_quotes(text) ~ "'") %} {% endif %}
    {% endfor %}
    {{ parts | join(" || ") }}
{% endmacro %}
