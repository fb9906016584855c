"""quality_marts: binds palette.quality.expectations (tested in tests/unit/quality)."""

from palette.engine import typed
from palette.quality.expectations import run_suite
from palette.quality.results import RESULTS_SCHEMA


def model(dbt, session):
    dbt.config(materialized="table")
    relations = {
        "customer_rfm": dbt.ref("customer_rfm"),
        "customer_clusters": dbt.ref("customer_clusters"),
        "basket_rules": dbt.ref("basket_rules"),
        "recommendations": dbt.ref("recommendations"),
        "customer_360": dbt.ref("customer_360"),
        "customer_features": dbt.ref("customer_features"),
        "rfm_weights": dbt.ref("rfm_weights"),
        "customer_category_scores": dbt.ref("customer_category_scores"),
        "customer_palette": dbt.ref("customer_palette"),
        "palette_prediction_metrics": dbt.ref("palette_prediction_metrics"),
        "segment_migrations": dbt.ref("segment_migrations"),
        "revenue_bridge": dbt.ref("revenue_bridge"),
        "customer_value": dbt.ref("customer_value"),
        "value_metrics": dbt.ref("value_metrics"),
    }
    return typed(run_suite(session, "marts", relations), RESULTS_SCHEMA)
