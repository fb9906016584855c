"""palette_prediction_importances: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.palette import PREDICTION_IMPORTANCES_SCHEMA, prediction_importances, read_forests


def model(dbt, session):
    dbt.config(materialized="table")
    forests = read_forests(dbt.ref("palette_forests").df())
    return typed(prediction_importances(forests), PREDICTION_IMPORTANCES_SCHEMA)
