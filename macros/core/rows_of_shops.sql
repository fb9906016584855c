{% macro rows_of_shops(seed, columns) %}
    select
        retailers.retailer
        {%- for column, type in columns.items() %}
            , cast(rows_of_set.{{ column }} as {{ type }}) as {{ column }}
        {%- endfor %}
    from {{ ref(seed) }} as rows_of_set
    inner join {{ ref("retailers") }} as retailers on rows_of_set.preset = retailers.{{ seed }}

    union all

    select *
    from {{ rows_added(seed, columns) }}
{% endmacro %}


{% macro rows_added(seed, columns) %}
    {%- set added = palette_python("rows_of_shops", [seed]) if execute -%}
    (
        select
            retailer
            {%- for column, type in columns.items() %}
                , cast({{ column }} as {{ type }}) as {{ column }}
            {%- endfor %}
        from
            (
                {{ text_rows(["retailer"] + columns | list, added) if execute else "select 1" }}
            ) as added
    )
{% endmacro %}
