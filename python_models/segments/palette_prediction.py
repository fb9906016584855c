"""palette_prediction: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.settings import settings_of
from palette.core.tables import frame, typed
from palette.segments.palette import BOUGHT, NAMED, PREDICTION_SCHEMA, SHARES, predict_held_out


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    predictions = predict_held_out(
        frame(dbt.ref("customer_features"), BOUGHT),
        frame(dbt.ref("customer_category_scores"), SHARES),
        frame(dbt.ref("customer_clusters"), NAMED),
        seed=settings.cluster_seed,
    )
    return typed(predictions, PREDICTION_SCHEMA)
