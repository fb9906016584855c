{% macro this_build() %}
    '{{ invocation_id }}' as build_id,
    cast(
        '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as {{ dbt.type_timestamp() }}
    ) as built_at
{% endmacro %}


{% macro is_new_to_history() %}
    {% if is_incremental() %} '{{ invocation_id }}' not in (select build_id from {{ this }})
    {% else %} true
    {% endif %}
{% endmacro %}
