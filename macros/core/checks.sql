{% macro check_settings() %}
    {% if execute %}
        {% set values = dict(invocation_args_dict.vars or {}) %}
        {% for name in palette_python("setting_names", []) %}
            {% do values.update({name: var(name, none)}) %}
        {% endfor %}
        {% for name, value in values.items() if not (value is none or value is boolean or value is number) %}
            {# YAML reads 2011-06-30 as a date, which JSON does not know #}
            {% do values.update({name: value | string}) %}
        {% endfor %}
        {% do palette_python("check_settings", [tojson(values)]) %}
    {% endif %}
{% endmacro %}


{% macro check_shops() %}
    {% if execute %} {% do palette_python("check_shops", []) %} {% endif %}
{% endmacro %}


{% macro land_inputs() %}
    {% if execute and flags.WHICH in ("build", "run") %}
        {% for note in palette_python("land_inputs", []) %}
            {% do log(note, info=true) %}
        {% endfor %}
    {% endif %}
{% endmacro %}


{% macro load_learners() %}
    {% if execute and flags.WHICH in ("build", "run") %}
        {% do palette_python("load_learners", []) %}
    {% endif %}
{% endmacro %}
