{% macro configured_retailers() %}
    {% do return(
        {
            "online_retail": ["order_lines"],
            "lpoint": ["order_lines", "hits", "demographics", "products", "weather"],
        }
    ) %}
{% endmacro %}


{% macro enabled_retailers(with=none) %}
    {% set configured = configured_retailers() %}
    {% set chosen = env_var("PALETTE_RETAILERS", "").replace(" ", "").split(",") | reject("eq", "") | list %}
    {% for retailer in chosen if retailer not in configured %}
        {% do exceptions.raise_compiler_error(
            "PALETTE_RETAILERS names '" ~ retailer ~ "', which is not configured. Configured: "
            ~ configured | join(", ")
        ) %}
    {% endfor %}
    {% set enabled = [] %}
    {% for retailer in chosen or configured %}
        {% if with is none or with in configured[retailer] %}
            {% do enabled.append(retailer) %}
        {% endif %}
    {% endfor %}
    {% do return(enabled) %}
{% endmacro %}


{% macro union_staged(table, columns) %}
    {%- set retailers = enabled_retailers(with=table) -%}
    {%- for retailer in retailers %}
        select '{{ retailer }}' as retailer, {{ columns.keys() | join(", ") }}
        from {{ ref("stg_" ~ retailer ~ "__" ~ table) }} {{ "union all" if not loop.last }}
    {%- else %}
        select
            cast(null as {{ dbt.type_string() }}) as retailer
            {%- for column, type in columns.items() %}, cast(null as {{ type }}) as {{ column }}
            {%- endfor %}
        where false
    {%- endfor %}
{% endmacro %}
