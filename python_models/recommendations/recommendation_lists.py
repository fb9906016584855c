"""recommendation_lists: binds palette.recommendations.lists (tested in tests/unit/recommendations)."""

from palette.core.settings import models_of, settings_of
from palette.core.tables import typed
from palette.recommendations.lists import SCHEMA, recommendations


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(dbt.ref("int_settings").df())
    lists = recommendations(
        dbt.ref("int_item_purchases").df(),
        dbt.ref("int_items").df(),
        dbt.ref("int_recommendation_rules").df(),
        dbt.ref("recommendation_choices").df(),
        length=settings.recommendations_per_customer,
        days=settings.recommendation_window_days,
        seed=settings.recommendation_seed,
        models=models_of(settings.recommendation_models),
        rules_enabled=settings.recommendation_rules_enabled,
    )
    return typed(lists, SCHEMA)
