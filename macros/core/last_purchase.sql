{% macro last_purchase(form, table, at) %}
    {# Of the shop that has been silent for longest; without a shop of the form nothing is old. #}
    select coalesce(min(last_at), {{ current_timestamp() }})
    from
        (
            select retailer, max({{ at }}) as last_at
            from ({{ landed(form, table) }}) as lines
            group by retailer
        ) as shops
{% endmacro %}
