{% macro known_as_of(timestamp) %}
    {%- set day = var("as_of_date") -%}
    {%- if day -%} {{ timestamp }} < {{ dbt.dateadd("day", 1, "cast('" ~ day ~ "' as date)") }}
    {%- else -%} true
    {%- endif -%}
{% endmacro %}
