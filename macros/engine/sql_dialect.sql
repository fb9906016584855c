{% macro iso_weekday(date) %}
    {{ return(adapter.dispatch("iso_weekday", "palette")(date)) }}
{% endmacro %}

{% macro default__iso_weekday(date) %} isodow({{ date }}) {% endmacro %}

{% macro spark__iso_weekday(date) %} cast(weekday({{ date }}) + 1 as bigint) {% endmacro %}


{% macro quantile(value, fraction) %}
    {{ return(adapter.dispatch("quantile", "palette")(value, fraction)) }}
{% endmacro %}

{% macro default__quantile(value, fraction) %}
    quantile_cont(cast({{ value }} as double), {{ fraction }})
{% endmacro %}

{% macro spark__quantile(value, fraction) %}
    {#- Spark's own percentile rounds otherwise. -#}
    element_at(
        transform(
            array(array_sort(collect_list(cast({{ value }} as double)))),
            sorted -> transform(
                array(cast(size(sorted) - 1 as double) * cast({{ fraction }} as double)),
                place
                -> get(sorted, cast(floor(place) as int)) * (1 - (place - floor(place)))
                + get(sorted, cast(ceil(place) as int)) * (place - floor(place))
            )[0]
        ),
        1
    )
{% endmacro %}


{% macro rounded(value, digits) %}
    {{ return(adapter.dispatch("rounded", "palette")(value, digits)) }}
{% endmacro %}

{% macro default__rounded(value, digits) %} round({{ value }}, {{ digits }}) {% endmacro %}

{% macro spark__rounded(value, digits) %}
    {#- Spark's own rounds the shortest digits, DuckDB the number times a power of ten. -#}
    {%- set power = "1e" ~ digits ~ "d" -%}(round(({{ value }}) * {{ power }}) / {{ power }})
{% endmacro %}


{% macro as_decimal(value, precision, scale) %}
    {{ return(adapter.dispatch("as_decimal", "palette")(value, precision, scale)) }}
{% endmacro %}

{% macro default__as_decimal(value, precision, scale) %}
    cast({{ value }} as decimal({{ precision }}, {{ scale }}))
{% endmacro %}

{% macro spark__as_decimal(value, precision, scale) %}
    {#- As DuckDB does: the number times the power of ten, rounded, all of whose digits count: in two halves. -#}
    {%- set scaled = "round((" ~ value ~ ") * 1e" ~ scale ~ "d)" -%}
    {%- set above = "floor(" ~ scaled ~ " / 4294967296d)" -%}
    case
        when typeof({{ value }}) = 'double'
        then
            cast(
                cast(
                    cast({{ above }} as decimal(20, 0)) * 4294967296
                    + cast({{ scaled }} - {{ above }} * 4294967296d as bigint) as decimal(
                        {{ precision }}, 0
                    )
                )
                * 0.{{ "0" * (scale - 1) }}1 as decimal({{ precision }}, {{ scale }})
            )
        else cast({{ value }} as decimal({{ precision }}, {{ scale }}))
    end
{% endmacro %}


{% macro text_list(value, order_by, separator=" | ") %}
    {{ return(adapter.dispatch("text_list", "palette")(value, order_by, separator)) }}
{% endmacro %}

{% macro default__text_list(value, order_by, separator) %}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
{% endmacro %}

{% macro spark__text_list(value, order_by, separator) %}
    listagg({{ value }}, '{{ separator }}') within group (order by {{ order_by }})
{% endmacro %}


{% macro json_object(fields) %}
    {{ return(adapter.dispatch("json_object", "palette")(fields)) }}
{% endmacro %}

{% macro default__json_object(fields) %}
    cast(
        json_object(
            {% for name, value in fields.items() %}
                '{{ name }}', {{ value }}{{ "," if not loop.last }}
            {% endfor %}
        ) as {{ dbt.type_string() }}
    )
{% endmacro %}

{% macro spark__json_object(fields) %}
    {%- set parts = [] -%}
    {%- for name, value in fields.items() -%}
        {%- do parts.append("'\"" ~ name ~ "\":' || " ~ spark_json(value)) -%}
    {%- endfor -%}
    '{' || {{ parts | join(" || ',' || ") }} || '}'
{% endmacro %}


{# JSON of a value: a number without the E that Java writes, and a list of objects, which is bytes, as it is. #}
{% macro spark_json(value) -%}
    case
        typeof({{ value }})
        when 'binary'
        then cast({{ value }} as string)
        when 'double'
        then coalesce({{ spark_plain("cast(" ~ value ~ " as string)") }}, 'null')
        else
            substring(
                to_json(named_struct('v', {{ value }}), map('ignoreNullFields', 'false')),
                6,
                length(to_json(named_struct('v', {{ value }}), map('ignoreNullFields', 'false')))
                - 6
            )
    end
{%- endmacro %}


{% macro spark_plain(number) -%}
    case
        when {{ number }} not like '%E%'
        then {{ number }}
        when abs(try_cast({{ number }} as double)) between 1e-6 and 1
        then regexp_replace(cast(try_cast({{ number }} as decimal(38, 24)) as string), '0+$', '')
        when abs(try_cast({{ number }} as double)) between 1 and 1e21 - 1e6
        then
            regexp_replace(
                cast(try_cast({{ number }} as decimal(38, 16)) as string), r'(\.\d+?)0+$', '$1'
            )
        else replace(lower({{ number }}), '.0e', 'e')
    end
{%- endmacro %}


{% macro remove_pattern(text, pattern) %}
    {{ return(adapter.dispatch("remove_pattern", "palette")(text, pattern)) }}
{% endmacro %}

{% macro default__remove_pattern(text, pattern) %}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{% endmacro %}

{% macro spark__remove_pattern(text, pattern) %}
    regexp_replace({{ text }}, r'{{ pattern }}', '')
{% endmacro %}


{% macro line_amount(quantity, unit_price) %}
    {{ return(adapter.dispatch("line_amount", "palette")(quantity, unit_price)) }}
{% endmacro %}

{% macro default__line_amount(quantity, unit_price) %}
    coalesce(
        cast(try({{ quantity }} * {{ unit_price }}) as {{ numeric_type() }}),
        cast(cast({{ quantity }} as {{ total_type() }}) * {{ unit_price }} as {{ numeric_type() }})
    )
{% endmacro %}

{% macro spark__line_amount(quantity, unit_price) %}
    cast(
        cast({{ quantity }} as {{ numeric_type() }})
        * cast({{ unit_price }} as {{ numeric_type() }}) as {{ numeric_type() }}
    )
{% endmacro %}


{% macro inlined() %} {{ return(adapter.dispatch("inlined", "palette")()) }} {% endmacro %}

{% macro default__inlined() %} not materialized {% endmacro %}

{% macro spark__inlined() %} {% endmacro %}


{% macro fingerprint(values) %}
    {{ return(adapter.dispatch("fingerprint", "palette")(values)) }}
{% endmacro %}

{% macro default__fingerprint(values) %} hash({{ values }}) {% endmacro %}

{% macro spark__fingerprint(values) %} xxhash64({{ values }}) {% endmacro %}


{% macro byte_order(text) %}
    {{ return(adapter.dispatch("byte_order", "palette")(text)) }}
{% endmacro %}

{% macro default__byte_order(text) %} {{ text }} collate c {% endmacro %}

{% macro spark__byte_order(text) %} {{ text }} {% endmacro %}


{% macro single_spaced(text) %}
    {{ return(adapter.dispatch("single_spaced", "palette")(text)) }}
{% endmacro %}

{% macro default__single_spaced(text) %}
    trim(regexp_replace({{ text }}, '[\s\p{Z}\x{0b}\x{1c}-\x{1f}\x{85}]+', ' ', 'g'))
{% endmacro %}

{% macro spark__single_spaced(text) %}
    trim(regexp_replace({{ text }}, r'[\s\p{Z}\x{0b}\x{1c}-\x{1f}\x{85}]+', ' '))
{% endmacro %}


{% macro json_objects(objects) %}
    {{ return(adapter.dispatch("json_objects", "palette")(objects)) }}
{% endmacro %}

{% macro default__json_objects(objects) %}
    list_filter(
        [
            {% for object in objects %}
                case
                    when {{ object.when }}
                    then
                        {
                            {% for name, value in object.fields.items() %}
                                '{{ name }}':{{ value }}{{ "," if not loop.last }}
                            {% endfor %}
                        }
                end
                {{ "," if not loop.last }}
            {% endfor %}
        ],
        lambda object:object is not null
    )
{% endmacro %}

{% macro spark__json_objects(objects) %}
    cast(
        '[' || concat_ws(
            ',',
            {% for object in objects %}
                case when {{ object.when }} then {{ json_object(object.fields) }} end
                {{- "," if not loop.last }}
            {% endfor %}
        )
        || ']' as binary
    )
{% endmacro %}
