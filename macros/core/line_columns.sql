{% macro staged_line_columns() %}
    {% set columns = {
        "order_id": dbt.type_string(),
        "line_number": dbt.type_bigint(),
        "customer_id": dbt.type_string(),
        "product_id": dbt.type_string(),
        "product_name": dbt.type_string(),
        "country": dbt.type_string(),
        "channel": dbt.type_string(),
        "store": dbt.type_string(),
        "ordered_at": dbt.type_timestamp(),
        "quantity": numeric_type(),
        "unit_price": numeric_type(),
        "amount": numeric_type(),
        "discount": numeric_type(),
        "unit_cost": numeric_type(),
    } %}
    {% do return(columns) %}
{% endmacro %}


{% macro line_columns(lines) %}
    -- -------- ids
    {{ lines }}.retailer,
    {{ lines }}.order_line_id,
    {{ lines }}.order_id,
    {{ lines }}.customer_id,
    {{ lines }}.product_id,

    -- -------- times
    {{ lines }}.ordered_at,
    cast({{ lines }}.ordered_at as date) as ordered_on,

    -- -------- numbers
    {{ lines }}.quantity,
    {{ lines }}.unit_price,
    {{ lines }}.amount,
    {{ lines }}.discount,

    -- -------- text
    {{ lines }}.channel,
    {{ lines }}.store,
    {{ lines }}.country
{% endmacro %}
