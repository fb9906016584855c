"""What is so of a group of customers, in words: sentences computed from the figures of its own shop.

A group is a cluster, an RFM segment or a palette group. The study describes its own customers; here every
sentence is worked out anew, and what does not stand out, or cannot be known, is left unsaid.
"""

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml
from babel.dates import get_month_names
from babel.numbers import format_decimal, format_percent

from palette.core.tables import empty

LANGUAGES = {"en": "en_GB", "ko": "ko_KR"}
GROUP = ["retailer", "grouping_name", "group_name"]
HOURS, MONTHS = 2, 3  # how many a peak holds
STANDS_OUT = 1.25  # a mean this many times that of all, or its reciprocal, is worth a word
RATIOS = ("orders_per_customer", "revenue_per_customer", "revenue_per_order", "units_per_line")

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("grouping_name", pa.string(), nullable=False),
        pa.field("group_name", pa.string(), nullable=False),
        pa.field("description_en", pa.string(), nullable=False),
        pa.field("description_ko", pa.string(), nullable=False),
    ]
)


def describe(facts: pd.DataFrame, segment_names: pd.DataFrame) -> pd.DataFrame:
    """Describe every group by its figures.

    Parameters
    ----------
    facts
        ``int_group_facts``, a row a group: ``customers``, shares of the retailer's, means with those of all
        customers of the grouping as ``<mean>_of_all``, and nulls where a peak, a category or a channel is
        not told; ``stands_apart`` of clusters.
    segment_names
        ``rfm_segment`` and ``rfm_segment_ko``.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``, a row a group, sorted.
    """
    korean = dict(zip(segment_names["rfm_segment"], segment_names["rfm_segment_ko"], strict=True))
    names: dict[str, Callable[[str], str]] = {"en": str, "ko": lambda name: korean.get(name) or name}
    told = facts.astype(object).where(facts.notna(), None).sort_values(GROUP)
    rows = []
    for values in told.itertuples(index=False, name=None):
        row = dict(zip(told.columns, values, strict=True))
        texts = [" ".join(_sentences(row, language, names[language])) for language in LANGUAGES]
        rows.append([*(row[key] for key in GROUP), *texts])
    return pd.DataFrame(rows, columns=SCHEMA.names) if rows else empty(SCHEMA)


def month_span(start: int, language: str) -> str:
    """Write the three months that begin with a month of the year, 1 to 12."""
    names = get_month_names("wide", locale=LANGUAGES[language])
    last = (start - 1 + MONTHS - 1) % 12 + 1
    return said("month_span", language, first=names[start], last=names[last])


def hour_span(start: int, language: str) -> str:
    """Write the two hours that begin with an hour of the day, 0 to 23."""
    return said("hour_span", language, first=start, last=(start + HOURS - 1) % 24 + 1)


def said(key: str, language: str, **values: object) -> str:
    """Return a text of ``descriptions.yml`` with its placeholders filled."""
    text: str = _texts()[key][language]
    return text.format(**values)


@cache
def _texts() -> dict[str, dict[str, str]]:
    source = resources.files("palette.segments").joinpath("descriptions.yml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(source)
    return found


def _sentences(row: dict[str, Any], language: str, name: Callable[[str], str]) -> list[str]:
    """Return what is so of one group, sentence by sentence."""

    def say(key: str, **values: object) -> str:
        return said(key, language, **values)

    def percent(share: float) -> str:
        return str(format_percent(share, format="#,##0.0%", locale=LANGUAGES[language]))

    size = "size_one" if row["customers"] == 1 else "size"
    count = format_decimal(row["customers"], locale=LANGUAGES[language])
    sentences = [
        say(
            size, customers=count, share=percent(row["customer_share"]), revenue=percent(row["revenue_share"])
        )
    ]
    parts = [
        say(fact, times=_number(row[fact] / row[f"{fact}_of_all"], language))
        for fact in RATIOS
        if _differs(row, fact)
    ]
    if _differs(row, "recency_days") and abs(row["recency_days"] - row["recency_days_of_all"]) >= 1:
        days = (_number(row["recency_days"], language, 0), _number(row["recency_days_of_all"], language, 0))
        parts.append(say("recency_days", days=days[0], all=days[1]))
    if row["customer_share"] < 1:
        sentences.append(say("against", parts=", ".join(parts)) if parts else say("alike"))
    for key, fact, span in (("months", "peak_month", month_span), ("hours", "peak_hour", hour_span)):
        if row[f"{fact}_start"] is not None:
            start = int(row[f"{fact}_start"])
            sentences.append(say(key, share=percent(row[f"{fact}_share"]), span=span(start, language)))
    for key in ("weekend", "online"):
        if _differs(row, f"{key}_share"):
            own, everybody = percent(row[f"{key}_share"]), percent(row[f"{key}_share_of_all"])
            sentences.append(say(key, share=own, all=everybody))
    if row["grouping_name"] != "segment":
        sentences.append(_leaders(row, "segment", say, percent, name))
    if row["stands_apart"] is not None and not row["stands_apart"] and row["customer_share"] < 1:
        sentences.insert(1, say("one_group"))
    if row["category_1"] is not None:
        sentences.append(_leaders(row, "category", say, percent, str))
    return sentences


def _leaders(
    row: dict[str, Any],
    kind: str,
    say: Callable[..., str],
    percent: Callable[[float], str],
    name: Callable[[str], str],
) -> str:
    """Name the first two segments or categories, or the only one."""
    plural = {"segment": "segments", "category": "categories"}[kind]
    ranks = [rank for rank in (1, 2) if row[f"{kind}_{rank}"] is not None]
    values = {f"{kind}_{rank}": name(row[f"{kind}_{rank}"]) for rank in ranks}
    shares = {f"share_{rank}": percent(row[f"{kind}_{rank}_share"]) for rank in ranks}
    return say(plural if len(ranks) > 1 else kind, **values, **shares)


def _differs(row: dict[str, Any], fact: str) -> bool:
    """Whether a mean is well above or below that of all."""
    own, of_all = row[fact], row[f"{fact}_of_all"]
    if own is None or not of_all:
        return False
    ratio = float(own) / float(of_all)
    return ratio >= STANDS_OUT or ratio <= 1 / STANDS_OUT


def _number(value: float, language: str, digits: int = 1) -> str:
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return str(format_decimal(value, format=pattern, locale=LANGUAGES[language]))
