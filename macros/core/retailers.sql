{% macro configured_retailers() %} {% do return(["online_retail"]) %} {% endmacro %}


{% macro enabled_retailers() %}
    {% set chosen = env_var("PALETTE_RETAILERS", "").replace(" ", "").split(",") | reject("eq", "") | list %}
    {% for retailer in chosen if retailer not in configured_retailers() %}
        {% do exceptions.raise_compiler_error(
            "PALETTE_RETAILERS names '" ~ retailer ~ "', which is not configured. Configured: "
            ~ configured_retailers() | join(", ")
        ) %}
    {% endfor %}
    {% do return(chosen or configured_retailers()) %}
{% endmacro %}
