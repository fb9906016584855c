"""value_metrics: binds palette.value.metrics (tested in tests/unit/value)."""

from palette.core.learned import objects
from palette.engine import frame, settings_of, typed
from palette.value.learning import TRIED, read_trials
from palette.value.metrics import SCHEMA, value_metrics


def model(dbt, session):
    dbt.config(materialized="table")
    kept = objects(frame(dbt.ref("value_learning").filter(f"learned = '{TRIED}'")))
    seed = settings_of(session).recommendation_seed
    return typed(value_metrics(read_trials(kept), seed=seed), SCHEMA)
