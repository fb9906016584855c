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
        {%- set names = [] -%}
        {%- for column in model.columns.values() -%}
            {%- for constraint in column.constraints if constraint.type == "not_null" -%}
                {%- do names.append(column.name) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for constraint in model.constraints if constraint.type == "not_null" -%}
            {%- do names.extend(constraint.columns) -%}
        {%- endfor -%}
        {%- do palette_spark_refuse_nulls(relation, names | unique | list) -%}
    {%- endif -%}
{% endmacro %}


{% macro palette_spark_refuse_nulls(relation, names) %}
    {%- if names -%}
        {%- set counts = [] -%}
        {%- for name in names -%}
            {%- do counts.append("count_if(" ~ adapter.quote(name) ~ " is null)") -%}
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
            {%- do adapter.drop_relation(relation.incorporate(type="table")) -%}
            {%- do exceptions.raise_database_error("Constraint Error: NOT NULL constraint failed: " ~ failed | join(", ")) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro palette_spark__load_csv_rows(model, agate_table) %}
    {#- A type may say `not null`, which is nothing that a cell can be cast to, and no file enforces. -#}
    {%- set declared = model["config"].get("column_types", {}) -%}
    {%- set types, never_null = [], [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = declared.get(name, adapter.convert_type(agate_table, loop.index0)) | trim -%}
        {%- if type.lower().endswith("not null") -%}
            {%- set type = type[:-8] | trim -%} {%- do never_null.append(name) -%}
        {%- endif -%}
        {%- do types.append(type) -%}
    {%- endfor -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
        {%- set bindings = [] -%}
        {%- for row in chunk -%} {%- do bindings.extend(row) -%} {%- endfor -%}
        {%- set sql -%}
            insert into {{ this.render() }} values
            {% for row in chunk -%}
                ({%- for type in types -%}
                    cast({{ get_binding_char() }} as {{ type }}){{ ", " if not loop.last }}
                {%- endfor -%}){{ ", " if not loop.last }}
            {%- endfor %}
        {%- endset -%}
        {%- do adapter.add_query(sql, bindings=bindings, abridge_sql_log=True) -%}
        {%- do statements.append(sql) -%}
    {%- endfor -%}
    {%- do palette_spark_refuse_nulls(this, never_null) -%}
    {{ return(statements[0]) }}
{% endmacro %}


{% macro palette_spark__escape_single_quotes(expression) -%}
    {{ expression | replace("\\", "\\\\") | replace("'", "\\'") }}
{%- endmacro %}
