{% macro carry_over() %} {{ return(adapter.dispatch("carry_over", "palette")()) }} {% endmacro %}


{% macro default__carry_over() %} {% endmacro %}


{% macro spark__carry_over() %}
    {% if execute and flags.WHICH == "build" %}
        {% for name, file in palette_python("carried", []).items() %}
            {% set table = api.Relation.create(
                schema=target.schema, identifier=name, type="table"
            ) %}
            {% if not load_cached_relation(table) %}
                {% do run_query(
                    "create table " ~ table ~ " using parquet as select * from parquet.`" ~ file ~ "`"
                ) %}
                {% do adapter.cache_added(table) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
