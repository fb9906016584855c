"""group_descriptions: binds palette.segments.descriptions (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.descriptions import SCHEMA, describe


def model(dbt, session):
    dbt.config(materialized="table")
    described = describe(frame(dbt.ref("int_group_facts")), frame(dbt.ref("rfm_segment_names")))
    return typed(described, SCHEMA)
