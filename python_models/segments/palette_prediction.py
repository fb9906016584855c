"""palette_prediction: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.settings import settings_of
from palette.core.tables import typed
from palette.segments.palette import PREDICTION_SCHEMA, predict_held_out


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    predictions = predict_held_out(
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
        dbt.ref("customer_clusters").df(),
        seed=settings.cluster_seed,
    )
    return typed(predictions, PREDICTION_SCHEMA)
