"""recommendation_backtest: binds palette.recommendations.backtest (tested in tests/unit/recommendations)."""

from palette.core.settings import models_of, settings_of
from palette.core.tables import typed
from palette.recommendations.backtest import SCHEMA, backtest


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(dbt.ref("int_settings").df())
    judged = backtest(
        dbt.ref("int_item_purchases").df(),
        dbt.ref("int_items").df(),
        dbt.ref("int_recommendation_rules").df(),
        dbt.ref("rfm_segments").df(),
        folds=settings.recommendation_folds if settings.palette_backtest else 0,
        days=settings.recommendation_window_days,
        seed=settings.recommendation_seed,
        models=models_of(settings.recommendation_models),
    )
    return typed(judged, SCHEMA)
