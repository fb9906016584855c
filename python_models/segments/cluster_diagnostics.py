"""cluster_diagnostics: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import DIAGNOSTICS_SCHEMA, diagnose, populations


def model(dbt, session):
    dbt.config(materialized="table")
    k = {
        "rfm": dbt.config.meta_get("rfm_clusters"),
        "behaviour": dbt.config.meta_get("behaviour_clusters"),
        "consumption": dbt.config.meta_get("consumption_clusters"),
    }
    seed = dbt.config.meta_get("cluster_seed")
    silhouette_sample = dbt.config.meta_get("silhouette_sample")
    fitted_on = populations(
        dbt.ref("customer_rfm").df(),
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
    )
    diagnostics = [
        diagnose(
            customers,
            clustering,
            k="auto" if k[clustering.name] == "auto" else int(k[clustering.name]),
            seed=int(seed),
            silhouette_sample=int(silhouette_sample),
        )
        for clustering, customers in fitted_on
    ]
    return typed(pd.concat(diagnostics), DIAGNOSTICS_SCHEMA)
