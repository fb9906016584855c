"""palette_prediction_importances: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.palette import PREDICTION_IMPORTANCES_SCHEMA, prediction_importances


def model(dbt, session):
    dbt.config(materialized="table")
    seed = dbt.config.meta_get("cluster_seed")
    importances = prediction_importances(
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
        dbt.ref("customer_clusters").df(),
        seed=int(seed),
    )
    return typed(importances, PREDICTION_IMPORTANCES_SCHEMA)
