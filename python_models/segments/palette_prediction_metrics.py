"""palette_prediction_metrics: binds palette.segments.held_out (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.held_out import METRICS_SCHEMA, prediction_metrics


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(prediction_metrics(dbt.ref("palette_prediction").df()), METRICS_SCHEMA)
