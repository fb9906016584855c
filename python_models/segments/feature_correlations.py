"""feature_correlations: binds palette.segments.correlations (tested in tests/unit/segments)."""

import pandas as pd

from palette.core.tables import typed
from palette.segments.clusters import wide
from palette.segments.correlations import SCHEMA, correlations


def model(dbt, session):
    dbt.config(materialized="table")
    features = dbt.ref("customer_features").df().drop(columns="channel_group")
    preferences = wide(dbt.ref("customer_category_scores").df(), "pf_score")
    matrices = [correlations(features, "behaviour"), correlations(preferences, "preference")]
    return typed(pd.concat(matrices, ignore_index=True), SCHEMA)
