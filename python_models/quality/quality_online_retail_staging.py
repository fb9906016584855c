"""quality_online_retail_staging: binds palette.quality.expectations (tested in tests/unit/quality)."""

from palette.core.tables import typed
from palette.quality.expectations import run_suite
from palette.quality.results import RESULTS_SCHEMA


def model(dbt, session):
    dbt.config(materialized="table")
    relations = {"stg_online_retail__order_lines": dbt.ref("stg_online_retail__order_lines")}
    return typed(run_suite(session, "online_retail_staging", relations), RESULTS_SCHEMA)
