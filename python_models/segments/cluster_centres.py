"""cluster_centres: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.engine import frame, typed
from palette.segments.clusterings import KEYS, read_populations
from palette.segments.clusters import CENTRES_SCHEMA, centres
from palette.segments.fits import read_fits


def model(dbt, session):
    dbt.config(materialized="table")
    clusters = frame(dbt.ref("customer_clusters"), [*KEYS, "clustering", "cluster_name"])
    fits = read_fits(frame(dbt.ref("cluster_fits")))
    fitted_on = read_populations(
        dbt.ref("customer_rfm"), dbt.ref("customer_features"), dbt.ref("customer_category_scores")
    )
    parts = [centres(customers, clusters, clustering, fits) for clustering, customers in fitted_on]
    return typed(pd.concat(parts), CENTRES_SCHEMA)
