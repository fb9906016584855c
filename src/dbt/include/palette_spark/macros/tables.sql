{% macro palette_spark__file_format_clause() %}
    using {{ config.get("file_format", "parquet") }}
{% endmacro %}


{% macro palette_spark__create_table_as(temporary, relation, compiled_code, language="sql") -%}
    {%- if language == "python" -%}
        {%- set file_format = config.get("file_format", "parquet") -%}
        {{
            compiled_code
            ~ "\nwrite_table(model(dbtObj(spark.table), spark), '"
            ~ relation
            ~ "', '"
            ~ file_format
            ~ "', spark)"
        }}
    {%- else -%} {{ spark__create_table_as(temporary, relation, compiled_code, language) }}
    {%- endif -%}
{%- endmacro %}


{% macro palette_spark__persist_constraints(relation, model) %}
    {%- if config.get("contract").enforced -%}
        {%- set names = palette_spark_not_null_columns(model) -%}
        {%- if names -%}
            {%- set counts = [] -%}
            {%- for name in names -%}
                {%- do counts.append("count_if(" ~ name ~ " is null)") -%}
            {%- endfor -%}
            {%- set counted = run_query("select " ~ counts | join(", ") ~ ", count(*) from " ~ relation).rows[0] -%}
            {%- set failed = [] -%}
            {%- for name in names -%}
                {%- if counted[loop.index0] -%}
                    {%- set rows = counted[loop.index0] ~ " of " ~ counted[names | length] ~ " rows" -%}
                    {%- do failed.append(relation.identifier ~ "." ~ name ~ " (" ~ rows ~ ")") -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if failed -%}
                {%- do adapter.drop_relation(relation) -%}
                {%- do exceptions.raise_database_error("Constraint Error: NOT NULL constraint failed: " ~ failed | join(", ")) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro palette_spark_not_null_columns(model) %}
    {%- set names = [] -%}
    {%- for column in model.columns.values() -%}
        {%- for constraint in column.constraints if constraint.type == "not_null" -%}
            {%- do names.append(adapter.quote(column.name)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for constraint in model.constraints if constraint.type == "not_null" -%}
        {%- for name in constraint.columns -%}
            {%- do names.append(adapter.quote(name)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do return(names | unique | list) -%}
{% endmacro %}


{% macro palette_spark__escape_single_quotes(expression) -%}
    {{ expression | replace("\\", "\\\\") | replace("'", "\\'") }}
{%- endmacro %}
