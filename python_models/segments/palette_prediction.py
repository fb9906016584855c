"""palette_prediction: binds palette.segments.held_out (tested in tests/unit/segments)."""

from palette.engine import frame, settings_of, typed
from palette.segments.held_out import PREDICTION_SCHEMA, predict_held_out
from palette.segments.palette_groups import BOUGHT, NAMED, SHARES


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
