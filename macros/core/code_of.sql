{% macro code_of(id) %}
    cast(
        row_number() over (partition by retailer order by {{ byte_order(id) }})
        - 1 as {{ dbt.type_int() }}
    )
{% endmacro %}
