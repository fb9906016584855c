"""cluster_fits: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.core.learned import SCHEMA, table
from palette.core.tables import typed
from palette.segments.clusters import fit, populations


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
    fits = {}
    for clustering, customers in fitted_on:
        fits |= fit(
            customers,
            clustering,
            k="auto" if k[clustering.name] == "auto" else int(k[clustering.name]),
            seed=int(seed),
            silhouette_sample=int(silhouette_sample),
        )
    return typed(table({key: fitted.learned() for key, fitted in fits.items()}), SCHEMA)
