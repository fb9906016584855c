"""cluster_components: binds palette.segments.clusters (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import COMPONENTS_SCHEMA, components, populations


def model(dbt, session):
    dbt.config(materialized="table")
    fitted_on = populations(
        dbt.ref("customer_rfm").df(),
        dbt.ref("customer_features").df(),
        dbt.ref("customer_category_scores").df(),
    )
    parts = [components(customers, clustering) for clustering, customers in fitted_on]
    return typed(pd.concat(parts), COMPONENTS_SCHEMA)
