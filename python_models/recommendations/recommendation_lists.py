"""recommendation_lists: binds palette.recommendations.lists (tested in tests/unit/recommendations)."""

from palette.core.settings import models_of
from palette.core.tables import typed
from palette.recommendations.lists import SCHEMA, recommendations


def model(dbt, session):
    dbt.config(materialized="table")
    length = dbt.config.meta_get("recommendations_per_customer")
    days = dbt.config.meta_get("recommendation_window_days")
    seed = dbt.config.meta_get("recommendation_seed")
    models = dbt.config.meta_get("recommendation_models")
    rules_enabled = dbt.config.meta_get("recommendation_rules_enabled")
    lists = recommendations(
        dbt.ref("int_item_purchases").df(),
        dbt.ref("int_items").df(),
        dbt.ref("int_recommendation_rules").df(),
        dbt.ref("recommendation_choices").df(),
        length=int(length),
        days=int(days),
        seed=int(seed),
        models=models_of(models),
        rules_enabled=str(rules_enabled) == "True",
    )
    return typed(lists, SCHEMA)
