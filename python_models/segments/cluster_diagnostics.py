"""cluster_diagnostics: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.clusters import DIAGNOSTICS_SCHEMA, RFM, diagnose


def model(dbt, session):
    dbt.config(materialized="table")
    k = dbt.config.meta_get("k")
    seed = dbt.config.meta_get("seed")
    silhouette_sample = dbt.config.meta_get("silhouette_sample")
    diagnostics = diagnose(
        dbt.ref("customer_rfm").df(),
        RFM,
        k="auto" if k == "auto" else int(k),
        seed=int(seed),
        silhouette_sample=int(silhouette_sample),
    )
    return typed(diagnostics, DIAGNOSTICS_SCHEMA)
