{% macro moments(amount) %}
    count({{ amount }}) as judged,
    sum({{ amount }}) as judged_sum,
    sum(cast({{ amount }} as double) * cast({{ amount }} as double)) as judged_squares
{% endmacro %}


{# Rounded, so that the last digits of a sum in any order decide nothing. #}
{% macro outlier_bounds(most_deviations) %}
    {% for bound, sign in {"lowest": "-", "highest": "+"}.items() %}
        {% set exact %}
            cast(judged_sum as double)
            / nullif(judged, 0) {{ sign }} {{ most_deviations }}
            * sqrt(
                greatest(
                    judged_squares
                    - cast(judged_sum as double) * cast(judged_sum as double) / nullif(judged, 0),
                    0
                )
                / nullif(judged - 1, 0)
            )
        {% endset %}
        {{ rounded(exact, 4) }} as {{ bound }}{{ "," if not loop.last }}
    {% endfor %}
{% endmacro %}


{% macro is_within_bounds(amount) %}
    coalesce({{ amount }} between bounds.lowest and bounds.highest, true)
{% endmacro %}
