"""recommendation_backtest: binds palette.recommendations.backtest (tested in tests/unit/recommendations)."""

from palette.core.learned import objects
from palette.engine import frame, settings_of, typed
from palette.recommendations.backtest import SCHEMA, backtest
from palette.recommendations.learning import TRIED, Fold


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    kept = frame(dbt.ref("recommendation_learning").filter(f"learned = '{TRIED}'"))
    folds = {retailer: [Fold.of(fold) for fold in tried] for (retailer, _), tried in objects(kept).items()}
    return typed(backtest(folds, seed=settings.recommendation_seed), SCHEMA)
