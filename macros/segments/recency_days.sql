{% macro recency_days(last_ordered_at, snapshot_at, unit) %}
    cast(
        case
            {{ unit }}
            when 'calendar_days'
            then {{ dbt.datediff(last_ordered_at, snapshot_at, "day") }}
            else floor({{ dbt.datediff(last_ordered_at, snapshot_at, "second") }} / 86400.0)
        end as {{ dbt.type_bigint() }}
    )
{% endmacro %}
