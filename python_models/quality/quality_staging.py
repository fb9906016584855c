"""quality_staging: binds palette.quality.expectations (tested in tests/unit/quality)."""

from palette.engine import frame, typed
from palette.quality.expectations import run_staging_suites
from palette.quality.results import RESULTS_SCHEMA


def model(dbt, session):
    dbt.config(materialized="table")
    relations = {
        "stg_online_retail__order_lines": dbt.ref("stg_online_retail__order_lines"),
        "stg_lpoint__order_lines": dbt.ref("stg_lpoint__order_lines"),
        "stg_lpoint__hits": dbt.ref("stg_lpoint__hits"),
        "stg_lpoint__customers": dbt.ref("stg_lpoint__customers"),
        "stg_lpoint__products": dbt.ref("stg_lpoint__products"),
        "stg_orders__order_lines": dbt.ref("stg_orders__order_lines"),
        "stg_orders__products": dbt.ref("stg_orders__products"),
        "stg_orders__customers": dbt.ref("stg_orders__customers"),
        "stg_orders__visits": dbt.ref("stg_orders__visits"),
    }
    forms = frame(dbt.ref("retailers"))["form"]
    return typed(run_staging_suites(session, forms, relations), RESULTS_SCHEMA)
