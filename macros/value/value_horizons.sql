{% macro value_horizons() %} {% do return([28, 90, 365]) %} {% endmacro %}
