"""Who comes back: month by month after the first purchase, and how often customers ordered."""

from math import ceil

import pandas as pd

from palette.report.charts import cohorts as charts
from palette.report.frames import rows
from palette.report.marts import Marts
from palette.report.sections.common import Drawing, Figure, Section, traced
from palette.report.words import Words

COHORTS = 13  # the latest, as many as a year and the month it began in


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    numbers = marts("customers_by_orders", order="orders")
    once = numbers[numbers["orders"] == 1]
    return Section(
        "cohorts",
        words("cohorts.title"),
        words("anonymous.too_few")
        if numbers.empty
        else words(
            "cohorts.again",
            share=words.percent(1 - once["customer_share"].sum()),
            revenue=words.percent(1 - once["revenue_share"].sum()),
        ),
        [
            _heatmap(marts, words),
            _by_orders(marts, words),
            *([] if marts.anonymous else [_intervals(marts, words)]),  # a few may be of one customer
        ],
    )


@traced
def _heatmap(marts: Marts, words: Words) -> Figure:
    """Show which share of those who came first in a month bought again, month by month."""
    title = words("cohorts.heatmap")
    cohorts = marts("cohorts", order="cohort_month, months_since")
    later = cohorts[(cohorts["months_since"] > 0) & cohorts["is_complete"]]
    if later.empty:
        return Figure("heatmap", title, words("cohorts.none"))
    next_month = later[later["months_since"] == 1]
    sentence = words(
        "cohorts.sentence",
        share=words.percent(next_month["active_customers"].sum() / next_month["customers"].sum()),
    )
    latest = sorted(later["cohort_month"].unique())[-COHORTS:]
    shown = later[later["cohort_month"].isin(latest)]
    shown = shown.assign(
        month=pd.to_datetime(shown["cohort_month"]).dt.strftime("%Y-%m"),
        text=[words.decimal(100 * share, 0) for share in shown["active_share"]],
    )
    notes = [words("cohorts.before_data")] if shown["is_before_data"].any() else []
    return Figure(
        "heatmap",
        title,
        sentence,
        Drawing(charts.heatmap_of(shown, words)),
        wide=True,
        note=" ".join([words("cohorts.note"), *notes]),
    )


@traced
def _by_orders(marts: Marts, words: Words) -> Figure:
    """Show how many customers ordered how often."""
    title = words("cohorts.by_orders")
    numbers = marts("customers_by_orders", order="orders")
    if numbers.empty:
        return Figure("by_orders", title, words("anonymous.too_few"))
    once = numbers[numbers["orders"] == 1]
    sentence = words(
        "cohorts.by_orders_sentence",
        share=words.percent(once["customer_share"].sum()),
        revenue=words.percent(once["revenue_share"].sum()),
    )
    few = numbers["orders"] < charts.MANY
    label = numbers["orders"].map(words.count).where(few, f"{charts.MANY}+")
    grouped = numbers.assign(label=label)[["label", "customers", "customer_share", "revenue_share"]]
    shown = grouped.groupby("label", sort=False).sum().reset_index()
    return Figure("by_orders", title, sentence, Drawing(charts.by_orders(shown, words)))


@traced
def _intervals(marts: Marts, words: Words) -> Figure:
    """Show how long customers wait until their next order."""
    title = words("cohorts.intervals")
    bins = marts("order_intervals", where="rfm_segment = 'all'", order="days_from")
    if not bins["intervals"].any():
        return Figure("intervals", title, words("cohorts.no_intervals"))
    sentence = words(
        "cohorts.intervals_sentence",
        half=words.count(ceil(bins["days_p50"].iloc[0])),
        most=words.count(ceil(bins["days_p90"].iloc[0])),
    )
    label = [_days(row.days_from, row.days_to) for row in rows(bins)]
    drawing = Drawing(charts.intervals(bins.assign(label=label), words))
    return Figure("intervals", title, sentence, drawing, note=words("cohorts.intervals_note"))


def _days(first: int, last: float) -> str:
    """Write a range of days; the last one is open."""
    if pd.isna(last):
        return f"{first}+"
    return str(first) if first == last else f"{first}\N{EN DASH}{last:.0f}"
