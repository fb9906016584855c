"""preference_errors: binds palette.recommendations.preference (tested in tests/unit/recommendations)."""

from palette.core.tables import typed
from palette.recommendations.preference import SCHEMA, preference_errors


def model(dbt, session):
    dbt.config(materialized="table")
    enabled = dbt.config.meta_get("palette_backtest")
    seed = dbt.config.meta_get("recommendation_seed")
    scores = dbt.ref("customer_subcategory_scores").df()
    judged = scores if str(enabled) == "True" else scores.head(0)
    return typed(preference_errors(judged, seed=int(seed)), SCHEMA)
