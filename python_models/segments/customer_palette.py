"""customer_palette: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.palette import PALETTE_SCHEMA, predict_groups, read_forests


def model(dbt, session):
    dbt.config(materialized="table")
    groups = predict_groups(
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
        dbt.ref("customer_clusters").df(),
        read_forests(dbt.ref("palette_forests").df()),
    )
    return typed(groups, PALETTE_SCHEMA)
