{% macro iso_weekday(date) %}
    {{ return(adapter.dispatch("iso_weekday", "palette")(date)) }}
{% endmacro %}

{% macro default__iso_weekday(date) %} isodow({{ date }}) {% endmacro %}


{% macro quantile(value, fraction) %}
    {{ return(adapter.dispatch("quantile", "palette")(value, fraction)) }}
{% endmacro %}

{% macro default__quantile(value, fraction) %}
    quantile_cont(cast({{ value }} as double), {{ fraction }})
{% endmacro %}


{% macro text_list(value, order_by, separator=" | ") %}
    {{ return(adapter.dispatch("text_list", "palette")(value, order_by, separator)) }}
{% endmacro %}

{% macro default__text_list(value, order_by, separator) %}
    string_agg({{ value }}, '{{ separator }}' order by {{ order_by }})
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


{% macro remove_pattern(text, pattern) %}
    {{ return(adapter.dispatch("remove_pattern", "palette")(text, pattern)) }}
{% endmacro %}

{% macro default__remove_pattern(text, pattern) %}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
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


{% macro inlined() %} {{ return(adapter.dispatch("inlined", "palette")()) }} {% endmacro %}

{% macro default__inlined() %} not materialized {% endmacro %}


{% macro fingerprint(values) %}
    {{ return(adapter.dispatch("fingerprint", "palette")(values)) }}
{% endmacro %}

{% macro default__fingerprint(values) %} hash({{ values }}) {% endmacro %}


{% macro byte_order(text) %}
    {{ return(adapter.dispatch("byte_order", "palette")(text)) }}
{% endmacro %}

{% macro default__byte_order(text) %} {{ text }} collate c {% endmacro %}


{% macro single_spaced(text) %}
    {{ return(adapter.dispatch("single_spaced", "palette")(text)) }}
{% endmacro %}

{% macro default__single_spaced(text) %}
    trim(regexp_replace({{ text }}, '[\s\p{Z}\x{0b}\x{1c}-\x{1f}\x{85}]+', ' ', 'g'))
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
