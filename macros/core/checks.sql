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
        {% set learning = [] %}
        {% for node in graph.nodes.values() if node.unique_id in selected_resources %}
            {# Python models of the domain core need no learner #}
            {% if node.language == "python" and node.fqn[1] != "core" %}
                {% do learning.append(node.name) %}
            {% endif %}
        {% endfor %}
        {% if learning %} {% do palette_python("load_learners", []) %} {% endif %}
    {% endif %}
{% endmacro %}


{# What this build made, counted on the connection that made it: `palette build` asks for it, and compares
   what it puts in place. #}
{% macro count_rows(results) %}
    {% set counts = [] %}
    {% if execute and flags.WHICH == "build" and env_var("PALETTE_ROW_COUNTS", "") %}
        {% for result in results if result.status == "success" and result.node.resource_type in ("model", "seed") %}
            {% set node = result.node %}
            {% if node.config.materialized in ("table", "incremental", "seed") %}
                {% do counts.append(
                    "select '" ~ node.schema ~ "." ~ node.alias ~ "' as name, count(*) as counted from "
                    ~ api.Relation.create(schema=node.schema, identifier=node.alias)
                ) %}
            {% endif %}
        {% endfor %}
    {% endif %}
    {% if counts %}
        {% set counted = {} %}
        {% for row in run_query(counts | join(" union all ")).rows %}
            {% do counted.update({row["name"]: row["counted"] | int}) %}
        {% endfor %}
        {% do palette_python("keep_counts", [tojson(counted)]) %}
    {% endif %}
{% endmacro %}


{# A build that failed leaves what the views of the earlier one read, and so does `palette build`, whose
   warehouse is not in place yet. #}
{% macro prune_landed(results) %}
    {% if execute and flags.WHICH == "build" and not env_var("PALETTE_ROW_COUNTS", "") %}
        {% set failed = results | selectattr("status", "in", ["error", "fail", "runtime error"]) | list %}
        {% if not failed %} {% do palette_python("prune_landed", []) %} {% endif %}
    {% endif %}
{% endmacro %}
