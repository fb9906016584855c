{% test within(model, ranges) %}
    select {{ ranges | join(', ') }}
    from {{ model }}
    where
        {% for column, (lowest, highest) in ranges.items() %}
            {{ column }} not between {{ lowest }} and {{ highest }} {{ "or" if not loop.last }}
        {% endfor %}
{% endtest %}
