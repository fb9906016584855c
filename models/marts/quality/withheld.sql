-- Made empty: `palette build` writes down here what it takes out of the tables that it puts in
-- place.
select
    cast(null as {{ dbt.type_string() }}) as table_name,
    cast(null as {{ dbt.type_string() }}) as retailer,
    cast(null as {{ dbt.type_string() }}) as list_name,
    cast(null as {{ dbt.type_string() }}) as check_name,
    cast(null as {{ dbt.type_bigint() }}) as rows_found,
    cast(null as {{ dbt.type_string() }}) as example
where false
