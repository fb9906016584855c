"""palette_prediction_confusion: binds palette.segments.held_out (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.held_out import CONFUSION_SCHEMA, prediction_confusion


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(prediction_confusion(frame(dbt.ref("palette_prediction"))), CONFUSION_SCHEMA)
