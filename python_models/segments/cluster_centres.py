"""cluster_centres: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import CENTRES_SCHEMA, centres, populations


def model(dbt, session):
    dbt.config(materialized="table")
    clusters = dbt.ref("customer_clusters").df()
    fitted_on = populations(
        dbt.ref("customer_rfm").df(),
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
    )
    parts = [centres(customers, clusters, clustering) for clustering, customers in fitted_on]
    return typed(pd.concat(parts), CENTRES_SCHEMA)
