"""The study's advice for the groups of a shop: what a piece presumes is filled in, or the piece left out."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from palette.core.tables import empty
from palette.segments.descriptions import GROUP, LANGUAGES, hour_span, month_span

# What a piece presumes of its group: the fact that has to be known.
PRESUMED = {"peak_hours": "peak_hour_start", "peak_months": "peak_month_start", "category": "category_1"}

ANY, ALWAYS, SEPARATOR = "", "", "\n"  # no group of its own, no condition

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("grouping_name", pa.string(), nullable=False),
        pa.field("group_name", pa.string(), nullable=False),
        pa.field("advice_number", pa.int64(), nullable=False),
        pa.field("condition", pa.string()),
        pa.field("advice_en", pa.string(), nullable=False),
        pa.field("advice_ko", pa.string(), nullable=False),
    ]
)


def advise(advice: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Give every group of every retailer its advice, the group's own hours, months and category filled in.

    Parameters
    ----------
    advice
        ``grouping_name``, ``group_name`` (none: for groups without a row of their own), ``advice_number``,
        ``condition`` (none: always), ``advice_en`` and ``advice_ko`` with ``{hours}``, ``{months}`` and
        ``{category}``.
    facts
        ``int_group_facts``: which group has peak hours or months and a favourite category.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``, sorted. A piece that presumes what its group has not is left out; a condition
        on the single customer is kept beside its piece.
    """
    if facts.empty:
        return empty(SCHEMA)
    pieces = advice.fillna({"group_name": ANY, "condition": ALWAYS})
    own = pieces["grouping_name"] + SEPARATOR + pieces["group_name"]
    asked = facts["grouping_name"] + SEPARATOR + facts["group_name"]
    known = facts[[*GROUP, *PRESUMED.values()]].assign(asked=facts["group_name"].where(asked.isin(own), ANY))
    joined = known.merge(pieces.rename(columns={"group_name": "asked"}), on=["grouping_name", "asked"])
    for condition, fact in PRESUMED.items():
        joined = joined[(joined["condition"] != condition) | joined[fact].notna()]
    filled = {
        f"advice_{language}": [_fill(row, language) for row in joined.to_dict("records")]
        for language in LANGUAGES
    }
    told = joined.assign(**filled, condition=joined["condition"].replace(ALWAYS, None))
    ordered: pd.DataFrame = told[SCHEMA.names].sort_values([*GROUP, "advice_number"], ignore_index=True)
    return ordered.astype({"advice_number": "int64"})


def _fill(row: Mapping[Any, Any], language: str) -> str:
    """Write the group's own hours, months and category into a piece."""
    hour, month = row["peak_hour_start"], row["peak_month_start"]
    text: str = row[f"advice_{language}"]
    return text.format(
        hours="" if pd.isna(hour) else hour_span(int(hour), language),
        months="" if pd.isna(month) else month_span(int(month), language),
        category=row["category_1"],
    )
