"""customer_clusters: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.engine import frame, typed
from palette.segments.clusterings import KEYS, populations
from palette.segments.clusters import CLUSTERS_SCHEMA, assign, diagnostics
from palette.segments.fits import read_fits
from palette.segments.naming import CUSTOMERS, facts, truthful


def model(dbt, session):
    dbt.config(materialized="table")
    fits = read_fits(frame(dbt.ref("cluster_fits")))
    archetypes = frame(dbt.ref("cluster_archetypes"))
    features = frame(dbt.ref("customer_features"))
    scores = frame(dbt.ref("customer_category_scores"), [*KEYS, "super_category", "pf_score"])
    known = facts(frame(dbt.ref("customers"), CUSTOMERS), features, scores)
    clusters = [
        assign(customers, clustering, fits, archetypes)
        for clustering, customers in populations(frame(dbt.ref("customer_rfm")), features, scores)
    ]
    claims = frame(dbt.ref("cluster_claims"))
    return typed(truthful(pd.concat(clusters), diagnostics(fits), claims, known), CLUSTERS_SCHEMA)
