{% macro cluster_name_ko(name) %}
    case
        when {{ name }} like 'group %'
        then replace(replace({{ name }}, 'group ', '그룹 '), ' of ', ' / ')
        when {{ name }} like 'buyers of %'
        then replace({{ name }}, 'buyers of ', '') || ' 구매 고객'
        else {{ name }}
    end
{% endmacro %}
