"""calendar: binds palette.core.calendar (tested in tests/unit/core)."""

from palette.core.calendar import SCHEMA, calendar
from palette.core.tables import typed


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(calendar(dbt.ref("int_calendar_spans").df()), SCHEMA)
