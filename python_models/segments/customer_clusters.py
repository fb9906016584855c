"""customer_clusters: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.clusters import CLUSTERS_SCHEMA, RFM, assign


def model(dbt, session):
    dbt.config(materialized="table")
    seed = dbt.config.meta_get("seed")
    clusters = assign(
        dbt.ref("customer_rfm").df(),
        RFM,
        chosen=dbt.ref("cluster_diagnostics").df(),
        archetypes=dbt.ref("cluster_archetypes").df(),
        seed=int(seed),
    )
    return typed(clusters, CLUSTERS_SCHEMA)
