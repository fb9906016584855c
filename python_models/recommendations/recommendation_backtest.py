"""recommendation_backtest: binds palette.recommendations.backtest (tested in tests/unit/recommendations)."""

from palette.core.settings import models_of
from palette.core.tables import typed
from palette.recommendations.backtest import SCHEMA, backtest


def model(dbt, session):
    dbt.config(materialized="table")
    enabled = dbt.config.meta_get("palette_backtest")
    folds = dbt.config.meta_get("recommendation_folds")
    days = dbt.config.meta_get("recommendation_window_days")
    seed = dbt.config.meta_get("recommendation_seed")
    models = dbt.config.meta_get("recommendation_models")
    judged = backtest(
        dbt.ref("int_item_purchases").df(),
        dbt.ref("int_items").df(),
        dbt.ref("int_recommendation_rules").df(),
        dbt.ref("rfm_segments").df(),
        folds=int(folds) if str(enabled) == "True" else 0,
        days=int(days),
        seed=int(seed),
        models=models_of(models),
    )
    return typed(judged, SCHEMA)
