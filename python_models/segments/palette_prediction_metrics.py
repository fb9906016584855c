"""palette_prediction_metrics: binds palette.segments.held_out (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.held_out import METRICS_SCHEMA, prediction_metrics


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(prediction_metrics(frame(dbt.ref("palette_prediction"))), METRICS_SCHEMA)
