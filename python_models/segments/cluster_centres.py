"""cluster_centres: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import CENTRES_SCHEMA, centres, populations, read_fits


def model(dbt, session):
    dbt.config(materialized="table")
    clusters = dbt.ref("customer_clusters").df()
    fits = read_fits(dbt.ref("cluster_fits").df())
    fitted_on = populations(
        dbt.ref("customer_rfm").df(),
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
    )
    parts = [centres(customers, clusters, clustering, fits) for clustering, customers in fitted_on]
    return typed(pd.concat(parts), CENTRES_SCHEMA)
