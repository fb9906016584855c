{% test within(model, column_name, lowest, highest=none) %}
    select {{ column_name }}
    from {{ model }}
    where
        {{ column_name }} < {{ lowest }}
        {%- if highest is not none %} or {{ column_name }} > {{ highest }} {%- endif %}
{% endtest %}
