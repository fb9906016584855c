{% macro settings() %}
    {% set values = dict(invocation_args_dict.vars or {}) %}
    {% for name in palette_python("setting_names", []) %}
        {% do values.update({name: var(name, none)}) %}
    {% endfor %}
    {% for name, value in values.items() if not (value is none or value is boolean or value is number) %}
        {# YAML reads 2011-06-30 as a date #}
        {% do values.update({name: value | string}) %}
    {% endfor %}
    {% do return(values) %}
{% endmacro %}
