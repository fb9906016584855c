"""palette_prediction_importances: binds palette.segments.importances (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.importances import PREDICTION_IMPORTANCES_SCHEMA, prediction_importances
from palette.segments.palette_groups import read_forests


def model(dbt, session):
    dbt.config(materialized="table")
    forests = read_forests(frame(dbt.ref("palette_forests")))
    return typed(prediction_importances(forests), PREDICTION_IMPORTANCES_SCHEMA)
