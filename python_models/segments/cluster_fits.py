"""cluster_fits: binds palette.segments.fits (tested in tests/unit/segments)."""

from palette.core.learned import SCHEMA, table
from palette.engine import settings_of, typed
from palette.segments.clusterings import read_populations
from palette.segments.fits import fit


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    k = {
        "rfm": settings.rfm_clusters,
        "behaviour": settings.behaviour_clusters,
        "consumption": settings.consumption_clusters,
    }
    fitted_on = read_populations(
        dbt.ref("customer_rfm"), dbt.ref("customer_features"), dbt.ref("customer_category_scores")
    )
    fits = {}
    for clustering, customers in fitted_on:
        fits |= fit(
            customers,
            clustering,
            k=k[clustering.name],
            seed=settings.cluster_seed,
            silhouette_sample=settings.silhouette_sample,
        )
    return typed(table({key: fitted.learned() for key, fitted in fits.items()}), SCHEMA)
