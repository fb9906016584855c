"""preference_errors: binds palette.recommendations.preference (tested in tests/unit/recommendations)."""

from palette.engine import frame, settings_of, typed
from palette.recommendations.preference import SCHEMA, SCORES, preference_errors


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    scores = frame(dbt.ref("customer_subcategory_scores"), SCORES)
    judged = scores if settings.palette_backtest else scores.head(0)
    return typed(preference_errors(judged, seed=settings.recommendation_seed), SCHEMA)
