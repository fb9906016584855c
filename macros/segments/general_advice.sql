{% macro general_advice(language) %}
    {%- set words = {
        'en': {
            'hours': "in the group''s peak hours",
            'months': "in the group''s peak months",
            'category': "the group''s favourite category",
        },
        'ko': {'hours': '그룹의 집중 시간대', 'months': '그룹의 집중 기간', 'category': '그룹의 선호 카테고리'},
    }[language] -%}
    {%- set text = namespace(sql='advice.advice_' ~ language) -%}
    {%- for name, general in words.items() -%}
        {%- set text.sql = "replace(" ~ text.sql ~ ", '{" ~ name ~ "}', '" ~ general ~ "')" -%}
    {%- endfor -%}
    {{ text_list(
        text.sql ~ " || coalesce(' (' || conditions.condition_" ~ language ~ " || ')', '')",
        order_by='advice.advice_number',
        separator=' ',
    ) }}
{% endmacro %}
