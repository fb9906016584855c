"""group_descriptions: binds palette.segments.descriptions (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.descriptions import SCHEMA, describe


def model(dbt, session):
    dbt.config(materialized="table")
    described = describe(dbt.ref("int_group_facts").df(), dbt.ref("rfm_segment_names").df())
    return typed(described, SCHEMA)
