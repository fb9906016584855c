{% macro segment_movement(language, direction, previous_segment, changed_on) %}
    {%- set worded = {
        'en': {'down': ['Fell from ', ''], 'up': ['Rose from ', ''], 'same': ['Moved from ', '']},
        'ko': {'down': ['', '에서 내려감'], 'up': ['', '에서 올라감'], 'same': ['', '에서 이동']},
    }[language] -%}
    {%- set dated = {'en': ' in the month to ', 'ko': ', 기준일 '}[language] -%}
    case
        {% for moved, (before, after) in worded.items() %}
            when {{ direction }} = '{{ moved }}'
            then
                '{{ before }}'
                || {{ previous_segment }}
                || '{{ after }}{{ dated }}'
                || cast({{ changed_on }} as {{ dbt.type_string() }})
        {% endfor %}
    end
{% endmacro %}
