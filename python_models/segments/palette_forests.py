"""palette_forests: binds palette.segments.palette (tested in tests/unit/segments)."""

from palette.core.learned import SCHEMA, table
from palette.core.settings import settings_of
from palette.core.tables import typed
from palette.segments.palette import fit_forests, purchase_features


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    features = dbt.ref("customer_features").df()
    purchases = purchase_features(features, dbt.ref("customer_category_scores").df())
    forests = fit_forests(purchases, dbt.ref("customer_clusters").df(), seed=settings.cluster_seed)
    return typed(table({(retailer, "palette"): each.learned() for retailer, each in forests.items()}), SCHEMA)
