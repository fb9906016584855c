"""cluster_importances: binds palette.segments.palette (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.settings import settings_of
from palette.core.tables import typed
from palette.segments.clusters import populations
from palette.segments.palette import IMPORTANCES_SCHEMA, separation


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    clusters = dbt.ref("customer_clusters").df()
    fitted_on = populations(
        dbt.ref("customer_rfm").df(),
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
    )
    importances = [
        separation(customers, clusters, clustering, seed=settings.cluster_seed)
        for clustering, customers in fitted_on
    ]
    return typed(pd.concat(importances), IMPORTANCES_SCHEMA)
