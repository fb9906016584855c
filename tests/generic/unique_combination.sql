{% test unique_combination(model, columns) %}
    {%- set names = columns | join(', ') -%}
    select {{ names }}, count(*) as copies
    from {{ model }}
    where
        {{ fingerprint(names) }} in (
            select {{ fingerprint(names) }}
            from {{ model }}
            group by {{ fingerprint(names) }}
            having count(*) > 1
        )
    group by {{ names }}
    having count(*) > 1
{% endtest %}
