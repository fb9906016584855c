"""cluster_importances: binds palette.segments.importances (tested in tests/unit/segments)."""

import pandas as pd

from palette.engine import frame, settings_of, typed
from palette.segments.clusterings import read_populations
from palette.segments.importances import IMPORTANCES_SCHEMA, separation
from palette.segments.palette_groups import NAMED


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    clusters = frame(dbt.ref("customer_clusters"), NAMED)
    fitted_on = read_populations(
        dbt.ref("customer_rfm"), dbt.ref("customer_features"), dbt.ref("customer_category_scores")
    )
    importances = [
        separation(customers, clusters, clustering, seed=settings.cluster_seed)
        for clustering, customers in fitted_on
    ]
    return typed(pd.concat(importances), IMPORTANCES_SCHEMA)
