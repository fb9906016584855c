"""customer_palette: binds palette.segments.palette_groups (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.palette_groups import (
    BOUGHT,
    NAMED,
    PALETTE_SCHEMA,
    SHARES,
    predict_groups,
    read_forests,
)


def model(dbt, session):
    dbt.config(materialized="table")
    groups = predict_groups(
        frame(dbt.ref("customer_features"), BOUGHT),
        frame(dbt.ref("customer_category_scores"), SHARES),
        frame(dbt.ref("customer_clusters"), NAMED),
        read_forests(frame(dbt.ref("palette_forests"))),
    )
    return typed(groups, PALETTE_SCHEMA)
