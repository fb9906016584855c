"""calendar: binds palette.core.calendar (tested in tests/unit/core)."""

from palette.core.calendar import SCHEMA, calendar
from palette.engine import frame, typed


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(calendar(frame(dbt.ref("int_calendar_spans"))), SCHEMA)
