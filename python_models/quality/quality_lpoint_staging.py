"""quality_lpoint_staging: binds palette.quality.expectations (tested in tests/unit/quality)."""

from palette.core.tables import typed
from palette.quality.expectations import run_suite
from palette.quality.results import RESULTS_SCHEMA


def model(dbt, session):
    dbt.config(materialized="table")
    relations = {
        "stg_lpoint__order_lines": dbt.ref("stg_lpoint__order_lines"),
        "stg_lpoint__hits": dbt.ref("stg_lpoint__hits"),
        "stg_lpoint__demographics": dbt.ref("stg_lpoint__demographics"),
        "stg_lpoint__products": dbt.ref("stg_lpoint__products"),
    }
    return typed(run_suite(session, "lpoint_staging", relations), RESULTS_SCHEMA)
