"""customer_clusters: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import frame, typed
from palette.segments.clusterings import KEYS, populations
from palette.segments.clusters import CLUSTERS_SCHEMA, assign, diagnostics
from palette.segments.fits import read_fits
from palette.segments.naming import CUSTOMERS, facts, truthful


def model(dbt, session):
    dbt.config(materialized="table")
    fits = read_fits(dbt.ref("cluster_fits").df())
    archetypes = dbt.ref("cluster_archetypes").df()
    features = frame(dbt.ref("customer_features"))
    scores = frame(dbt.ref("customer_category_scores"), [*KEYS, "super_category", "pf_score"])
    known = facts(frame(dbt.ref("customers"), CUSTOMERS), features, scores)
    clusters = [
        assign(customers, clustering, fits, archetypes)
        for clustering, customers in populations(frame(dbt.ref("customer_rfm")), features, scores)
    ]
    claims = dbt.ref("cluster_claims").df()
    return typed(truthful(pd.concat(clusters), diagnostics(fits), claims, known), CLUSTERS_SCHEMA)
