"""value_learning: binds palette.value.learning (tested in tests/unit/value)."""

from palette.core.learned import SCHEMA, table
from palette.engine import frame, local, settings_of, typed
from palette.value.learning import LEARNED, TRIED, learn
from palette.value.relations import read_order_days


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    segments = frame(dbt.ref("rfm_segments"))
    learned = {}
    for known in read_order_days(local(dbt.ref("int_order_days")), local(dbt.ref("retailers"))):
        today, trials = learn(
            known,
            segments,
            folds=settings.value_folds if settings.palette_backtest else 0,
            seed=settings.recommendation_seed,
        )
        learned[known.retailer, LEARNED] = {str(days): own.kept() for days, own in today.items()}
        learned[known.retailer, TRIED] = [tried.kept() for tried in trials]
    return typed(table(learned), SCHEMA)
