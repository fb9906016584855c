{% macro sales_measures() %}
    count(distinct order_id) as orders,
    count(distinct customer_id) as customers,
    count(*) as order_lines,
    {{ total("quantity", total_type()) }} as units,
    {{ total("amount", total_type()) }} as revenue
{% endmacro %}


{% macro total(column, type) %} cast(coalesce(sum({{ column }}), 0) as {{ type }}) {% endmacro %}


{% macro share(part, whole) %}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{% endmacro %}
