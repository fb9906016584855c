{% test no_critical_failures(model) %}
    {% set sql %}
select suite, relation, column_name, expectation, unexpected_count, element_count
from {{ model }}
where severity = 'critical' and not success
    {% endset %}
    {% if execute and flags.WHICH in ('build', 'test') %}
        {% for row in run_query(sql).rows %}
            {% do log(
            "CRITICAL " ~ row["suite"] ~ "." ~ row["relation"] ~ ": " ~ row["expectation"]
            ~ ("(" ~ row["column_name"] ~ ")" if row["column_name"] else "") ~ ": "
            ~ row["unexpected_count"] ~ " of " ~ row["element_count"] ~ " rows unexpected",
            info=true
        ) %}
        {% endfor %}
    {% endif %}
    {{ sql }}
{% endtest %}
