"""customer_palette: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.palette import PALETTE_SCHEMA, predict_groups


def model(dbt, session):
    dbt.config(materialized="table")
    seed = dbt.config.meta_get("cluster_seed")
    groups = predict_groups(
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
        dbt.ref("customer_clusters").df(),
        seed=int(seed),
    )
    return typed(groups, PALETTE_SCHEMA)
