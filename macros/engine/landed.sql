{% macro landed(form, table) %}
    {% do return(adapter.dispatch("landed", "palette")(form, table)) %}
{% endmacro %}


{% macro default__landed(form, table) %}
    {% do return(palette_python("source_sql", [form, table])) %}
{% endmacro %}


{% macro spark__landed(form, table) %}
    {% set landed = palette_python("landed", [form, table]) %}
    {% set parts = [] %}
    {% for retailer, path in landed.files.items() %}
        {% do parts.append(
            "select '" ~ dbt.escape_single_quotes(retailer) ~ "' as retailer, * from parquet.`"
            ~ path.replace("`", "``") ~ "`"
        ) %}
    {% endfor %}
    {% if not parts %}
        {% set nulls = [] %}
        {% for column, type in landed.types.items() %}
            {% do nulls.append("cast(null as " ~ type.replace("VARCHAR", dbt.type_string()) ~ ") as " ~ column) %}
        {% endfor %}
        {% do parts.append("select " ~ nulls | join(", ") ~ " where false") %}
    {% endif %}
    {% do return(parts | join(" union all ")) %}
{% endmacro %}
