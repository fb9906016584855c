"""customer_clusters: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import CLUSTERS_SCHEMA, assign, populations
from palette.segments.naming import facts, truthful


def model(dbt, session):
    dbt.config(materialized="table")
    seed = dbt.config.meta_get("cluster_seed")
    diagnostics = dbt.ref("cluster_diagnostics").df()
    archetypes = dbt.ref("cluster_archetypes").df()
    silhouette_sample = dbt.config.meta_get("silhouette_sample")
    features = dbt.ref("customer_features").df()
    scores = dbt.ref("customer_category_scores").df()
    known = facts(dbt.ref("customers").df(), features, scores)
    clusters = [
        assign(
            customers,
            clustering,
            chosen=diagnostics[diagnostics["clustering"] == clustering.name],
            archetypes=archetypes,
            seed=int(seed),
            silhouette_sample=int(silhouette_sample),
        )
        for clustering, customers in populations(dbt.ref("customer_rfm").df(), features, scores)
    ]
    claims = dbt.ref("cluster_claims").df()
    return typed(truthful(pd.concat(clusters), diagnostics, claims, known), CLUSTERS_SCHEMA)
