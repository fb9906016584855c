"""customer_clusters: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import CLUSTERS_SCHEMA, assign, diagnostics, populations, read_fits
from palette.segments.naming import facts, truthful


def model(dbt, session):
    dbt.config(materialized="table")
    fits = read_fits(dbt.ref("cluster_fits").df())
    archetypes = dbt.ref("cluster_archetypes").df()
    features = dbt.ref("customer_features").df()
    scores = dbt.ref("customer_category_scores").df()
    known = facts(dbt.ref("customers").df(), features, scores)
    clusters = [
        assign(customers, clustering, fits, archetypes)
        for clustering, customers in populations(dbt.ref("customer_rfm").df(), features, scores)
    ]
    claims = dbt.ref("cluster_claims").df()
    return typed(truthful(pd.concat(clusters), diagnostics(fits), claims, known), CLUSTERS_SCHEMA)
