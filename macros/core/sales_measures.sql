{% macro sales_measures(by_customer=false) %}
    count(distinct order_id) as orders,
    {% if not by_customer %} count(distinct buyer_id) as customers, {% endif %}
    count(order_line_id) as order_lines,
    {{ total("quantity", total_type()) }} as units,
    {{ total("amount", total_type()) }} as revenue,
    {{ net_measures("quantity", "amount", "returned_quantity", "returned_amount") }},
    {{ margin_measures() }}
{% endmacro %}


{% macro margin_measures() %}
    {{ margin_sums("discount", "case when cost is not null then amount end", "amount - cost") }}
{% endmacro %}


{% macro margin_sums(discount, costed_revenue, margin) %}
    cast(sum({{ discount }}) as {{ total_type() }}) as discount,
    cast(sum({{ costed_revenue }}) as {{ total_type() }}) as costed_revenue,
    cast(sum({{ margin }}) as {{ total_type() }}) as margin,
    {{ share("sum(" ~ margin ~ ")", "sum(" ~ costed_revenue ~ ")") }} as margin_rate
{% endmacro %}


{% macro net_measures(units, revenue, returned_units, returned_revenue) %}
    {{ total(returned_units, total_type()) }} as returned_units,
    {{ total(returned_revenue, total_type()) }} as returned_revenue,
    {{ total(units ~ " - " ~ returned_units, total_type()) }} as net_units,
    {{ total(revenue ~ " - " ~ returned_revenue, total_type()) }} as net_revenue,
    {{ share("sum(" ~ returned_revenue ~ ")", "sum(" ~ revenue ~ ")") }} as return_rate
{% endmacro %}


{% macro net_measures_of(customers) %}
    {{ net_measures(
        customers ~ ".units",
        customers ~ ".revenue",
        customers ~ ".returned_units",
        customers ~ ".returned_revenue"
    ) }},
    {{ margin_sums(customers ~ ".discount", customers ~ ".costed_revenue", customers ~ ".margin") }}
{% endmacro %}


{% macro after_returns(bought, returned) %}
    {%- for measure in ["units", "revenue"] %}
        cast(
            coalesce({{ returned }}.returned_{{ measure }}, 0) as {{ total_type() }}
        ) as returned_{{ measure }},
        cast(
            {{ bought }}.{{ measure }}
            - coalesce({{ returned }}.returned_{{ measure }}, 0) as {{ total_type() }}
        ) as net_{{ measure }},
    {% endfor %}
    {{ share("coalesce(" ~ returned ~ ".returned_revenue, 0)", bought ~ ".revenue") }}
    as return_rate
{% endmacro %}


{% macro total(column, type) %} cast(coalesce(sum({{ column }}), 0) as {{ type }}) {% endmacro %}


{% macro share(part, whole) %}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{% endmacro %}
