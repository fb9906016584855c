{% macro palette_spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    timestampadd(
        {{ palette_spark_datepart(datepart) }},
        cast(({{ interval }}) as bigint),
        cast({{ from_date_or_timestamp }} as timestamp_ntz)
    )
{%- endmacro %}


{% macro palette_spark__datediff(first_date, second_date, datepart) -%}
    {#- timestampdiff counts whole parts; from the beginning of one part to that of another it counts boundaries.
        As everywhere in dbt a week begins on Sunday, which to Spark is the day before its Monday. -#}
    {%- set beginnings = [] -%}
    {%- for day in [first_date, second_date] -%}
        {%- set moved = dbt.dateadd("day", 1, day) if datepart | lower == "week" else day -%}
        {%- do beginnings.append(dbt.date_trunc(datepart, moved)) -%}
    {%- endfor -%}
    timestampdiff({{ palette_spark_datepart(datepart) }}, {{ beginnings | join(", ") }})
{%- endmacro %}


{% macro palette_spark__date_trunc(datepart, date) -%}
    {#- Spark's own gives a timestamp with time zone, whatever it is given. -#}
    cast(date_trunc('{{ datepart }}', cast({{ date }} as timestamp_ntz)) as timestamp_ntz)
{%- endmacro %}


{% macro palette_spark_datepart(datepart) -%}
    {%- set known = [
        "microsecond",
        "millisecond",
        "second",
        "minute",
        "hour",
        "day",
        "week",
        "month",
        "quarter",
        "year",
    ] -%}
    {%- if datepart | lower not in known -%}
        {%- do exceptions.raise_compiler_error(
            "'" ~ datepart ~ "' is no part of a date that Spark counts: " ~ known | join(", ")
        ) -%}
    {%- endif -%}
    {{ datepart | lower }}
{%- endmacro %}
