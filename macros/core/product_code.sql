{% macro product_code(code) %}
    case when length({{ code }}) < 4 then lpad({{ code }}, 4, '0') else {{ code }} end
{% endmacro %}
