{% macro ninth_class(order_by, partition_by='retailer') %}
    cast(
        floor(
            (
                9
                * count(*) over (partition by {{ partition_by }} order by {{ order_by }} nulls last)
                + count(*) over (partition by {{ partition_by }})
                - 1
            )
            / count(*) over (partition by {{ partition_by }})
        ) as {{ dbt.type_bigint() }}
    )
{% endmacro %}
