"""quality_core: binds palette.quality.expectations (tested in tests/unit/quality)."""

from palette.engine import typed
from palette.quality.expectations import run_suite
from palette.quality.results import RESULTS_SCHEMA


def model(dbt, session):
    dbt.config(materialized="table")
    relations = {
        "order_lines": dbt.ref("order_lines"),
        "excluded_order_lines": dbt.ref("excluded_order_lines"),
        "customers": dbt.ref("customers"),
        "products": dbt.ref("products"),
        "dates": dbt.ref("dates"),
        "sessions": dbt.ref("sessions"),
        "returns": dbt.ref("returns"),
    }
    return typed(run_suite(session, "core", relations), RESULTS_SCHEMA)
