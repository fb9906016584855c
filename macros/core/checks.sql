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


{% macro check_rules() %}
    {% if execute %}
        {% set seed = graph.nodes["seed.palette.recommendation_rules"] %}
        {% set path = seed.root_path ~ "/" ~ seed.original_file_path %}
        {% do palette_python("check_rules", [path, configured_retailers() | join(",")]) %}
    {% endif %}
{% endmacro %}


{% macro check_inputs() %}
    {% if execute and flags.WHICH in ("build", "run") %}
        {% set notes = palette_python("check_inputs", [enabled_retailers() | join(",")]) %}
        {% for note in notes %} {% do log(note, info=true) %} {% endfor %}
    {% endif %}
{% endmacro %}
