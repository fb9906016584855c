{% macro forms_with(table) %}
    {% set tables = {
        "lpoint": ["order_lines", "hits", "customers", "products", "weather"],
        "online_retail": ["order_lines"],
        "orders": ["order_lines", "visits", "customers", "products", "weather"],
    } %}
    {% set found = [] %}
    {% for form, staged in tables.items() if table in staged %}
        {% do found.append(form) %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}


{% macro union_staged(table, columns) %}
    {%- for form in forms_with(table) %}
        select
            retailer
            {%- for column, type in columns.items() %}
                , cast({{ column }} as {{ type }}) as {{ column }}
            {%- endfor %}
        from {{ ref("stg_" ~ form ~ "__" ~ table) }} {{ "union all" if not loop.last }}
    {%- endfor %}
{% endmacro %}
