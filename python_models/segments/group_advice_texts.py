"""group_advice_texts: binds palette.segments.advice (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.advice import SCHEMA, advise


def model(dbt, session):
    dbt.config(materialized="table")
    texts = advise(dbt.ref("advice").df(), dbt.ref("int_group_facts").df())
    return typed(texts, SCHEMA)
