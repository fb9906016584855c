"""palette_forests: binds palette.segments.palette_groups (tested in tests/unit/segments)."""

from palette.core.learned import SCHEMA, table
from palette.engine import frame, settings_of, typed
from palette.segments.palette_groups import BOUGHT, NAMED, SHARES, fit_forests, purchase_features


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    features = frame(dbt.ref("customer_features"), BOUGHT)
    purchases = purchase_features(features, frame(dbt.ref("customer_category_scores"), SHARES))
    forests = fit_forests(purchases, frame(dbt.ref("customer_clusters"), NAMED), seed=settings.cluster_seed)
    return typed(table({(retailer, "palette"): each.learned() for retailer, each in forests.items()}), SCHEMA)
