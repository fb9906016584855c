"""customer_clusters: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import CLUSTERS_SCHEMA, assign, populations


def model(dbt, session):
    dbt.config(materialized="table")
    seed = dbt.config.meta_get("cluster_seed")
    diagnostics = dbt.ref("cluster_diagnostics").df()
    archetypes = dbt.ref("cluster_archetypes").df()
    fitted_on = populations(
        dbt.ref("customer_rfm").df(),
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
    )
    clusters = [
        assign(
            customers,
            clustering,
            chosen=diagnostics[diagnostics["clustering"] == clustering.name],
            archetypes=archetypes,
            seed=int(seed),
        )
        for clustering, customers in fitted_on
    ]
    return typed(pd.concat(clusters), CLUSTERS_SCHEMA)
