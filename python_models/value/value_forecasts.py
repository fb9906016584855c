"""value_forecasts: binds palette.value.customers (tested in tests/unit/value)."""

from palette.core.learned import objects
from palette.engine import frame, local, typed
from palette.value.customers import SCHEMA, all_forecasts
from palette.value.learning import read_learned, read_trials
from palette.value.relations import read_order_days


def model(dbt, session):
    dbt.config(materialized="table")
    kept = objects(frame(dbt.ref("value_learning")))
    forecasts = all_forecasts(
        read_order_days(local(dbt.ref("int_order_days")), local(dbt.ref("retailers"))),
        frame(dbt.ref("rfm_segments")),
        read_learned(kept),
        read_trials(kept),
        frame(dbt.ref("value_choices")),
    )
    return typed(forecasts, SCHEMA)
