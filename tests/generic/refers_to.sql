{% test refers_to(model, columns, to, fields=none) %}
    select distinct {{ columns | join(', ') }}
    from {{ model }} as referring
    where
        {% for column in columns %} referring.{{ column }} is not null and {% endfor %} not exists (
            select 1
            from {{ to }} as referred
            where
                {% for column, field in zip(columns, fields or columns) %}
                    referred.{{ field }} = referring.{{ column }} {{ "and" if not loop.last }}
                {% endfor %}
        )
{% endtest %}
