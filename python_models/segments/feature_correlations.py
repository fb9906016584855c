"""feature_correlations: binds palette.segments.correlations (tested in tests/unit/segments)."""

import pandas as pd

from palette.engine import frame, typed
from palette.segments.clusterings import KEYS, wide
from palette.segments.correlations import SCHEMA, correlations


def model(dbt, session):
    dbt.config(materialized="table")
    features = frame(dbt.ref("customer_features")).drop(columns="channel_group")
    scores = frame(dbt.ref("customer_category_scores"), [*KEYS, "super_category", "pf_score"])
    preferences = wide(scores, "pf_score")
    matrices = [correlations(features, "behaviour"), correlations(preferences, "preference")]
    return typed(pd.concat(matrices, ignore_index=True), SCHEMA)
