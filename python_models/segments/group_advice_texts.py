"""group_advice_texts: binds palette.segments.advice (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.advice import SCHEMA, advise


def model(dbt, session):
    dbt.config(materialized="table")
    texts = advise(frame(dbt.ref("advice")), frame(dbt.ref("int_group_facts")))
    return typed(texts, SCHEMA)
