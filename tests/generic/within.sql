{# Fails on every row whose value is outside the closed range. Null passes: not_null is a test of its own. #}
{% test within(model, column_name, lowest, highest) %}
    select {{ column_name }}
    from {{ model }}
    where not {{ column_name }} between {{ lowest }} and {{ highest }}
{% endtest %}
