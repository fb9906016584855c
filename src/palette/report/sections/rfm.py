"""How recent, frequent and valuable the customers are."""

from typing import Any

from palette.report.charts import segments as charts
from palette.report.frames import highest, rows
from palette.report.marts import FEWEST, Marts
from palette.report.sections.common import (
    Drawing,
    Figure,
    Section,
    Table,
    advice_by_group,
    list_by_group,
    ranked_segments,
    traced,
)
from palette.report.words import Words

DIMENSIONS = ("recency", "frequency", "monetary")


def build(marts: Marts, words: Words) -> Section | None:
    """Assemble the section; none where no segment may be shown."""
    segments = ranked_segments(marts, words)
    if segments.empty:
        return None
    largest = highest(segments, segments["customers"])
    return Section(
        "rfm",
        words("rfm.title"),
        words(
            "rfm.sentence",
            segments=words.count(len(segments)),
            largest=largest["label"],
            size=words.percent(largest["customer_share"]),
            revenue=words.percent(largest["revenue_share"]),
        ),
        [
            _shares(marts, words),
            _grid(marts, words),
            _contribution(marts, words),
            _strategies(marts, words),
        ],
    )


@traced
def _shares(marts: Marts, words: Words) -> Figure:
    segments = ranked_segments(marts, words)
    worth = segments.assign(ratio=segments["revenue_share"] / segments["customer_share"])
    best = highest(worth, worth["ratio"])
    return Figure(
        "shares",
        words("rfm.shares"),
        words("rfm.shares_sentence", segment=best["label"], ratio=words.decimal(best["ratio"], 1)),
        Drawing(
            charts.segment_shares(
                segments[["label", "customers", "customer_share", "revenue_share", "monetary_mean"]], words
            )
        ),
    )


@traced
def _grid(marts: Marts, words: Words) -> Figure:
    grid = marts("rfm_grid", order="r_score, f_score")
    best = marts(
        "rfm_grid",
        "coalesce(sum(customers), 0) as customers, "
        "coalesce(sum(customer_share), 0) as size, coalesce(sum(revenue_share), 0) as revenue",
        where="r_score >= 4 and f_score >= 4",
    )
    if grid.empty:
        return Figure("grid", words("rfm.grid"), words("anonymous.too_few"))
    return Figure(
        "grid",
        words("rfm.grid"),
        words(
            "rfm.grid_sentence",
            customers=words.percent(best["size"].iloc[0]),
            revenue=words.percent(best["revenue"].iloc[0]),
        )
        if len(best)
        else words("anonymous.too_few"),
        Drawing(charts.rfm_grid(grid.drop(columns="retailer"), words)),
        note=words("rfm.grid_note"),
    )


@traced
def _contribution(marts: Marts, words: Words) -> Figure:
    classes = marts("rfm_contribution", order="dimension, class")
    weights = marts("rfm_weights").set_index("dimension")["weight"]
    classes = classes.assign(label=classes["dimension"].map(lambda name: words.term("dimension", name)))
    heaviest = weights.idxmax()
    return Figure(
        "contribution",
        words("rfm.contribution"),
        words(
            "rfm.contribution_sentence",
            dimension=words.term("dimension", str(heaviest)),
            weights=", ".join(
                f"{words.term('dimension', name)} {words.decimal(weights[name], 3)}"
                for name in DIMENSIONS
                if name in weights
            ),
        ),
        Drawing(
            charts.contribution(
                classes[["label", "class", "percent", "amount_contribution", "contribution_effect"]], words
            )
        ),
        note=words("rfm.contribution_note"),
    )


@traced
def _strategies(marts: Marts, words: Words) -> Figure:
    segments = ranked_segments(marts, words)
    actions = advice_by_group(marts, words, "segment")
    lists = list_by_group(marts, words, marts.shared("segment_strategies"), "rfm_segment")
    outlooks = {row.rfm_segment: row for row in rows(marts("segment_outlook"))}
    return Figure(
        "strategies",
        words("rfm.strategies"),
        words("rfm.strategies_sentence"),
        Table(
            [
                words("segment"),
                words("customers"),
                words("share.revenue"),
                words("rfm.recency_mean"),
                words("rfm.frequency_mean"),
                words("rfm.mean"),
                words("rfm.fell"),
                words("worth.at_stake"),
                words("rfm.actions"),
                words("rfm.list"),
            ],
            [
                [
                    row.label,
                    words.count(row.customers),
                    words.percent(row.revenue_share),
                    words.decimal(row.recency_days_mean, 0),
                    words.decimal(row.frequency_mean, 1),
                    words.money(row.monetary_mean),
                    *_outlook(outlooks.get(row.rfm_segment), marts, words),
                    actions.get(row.rfm_segment, ""),
                    lists.get(row.rfm_segment, ""),
                ]
                for row in rows(segments)
            ],
            numeric=[1, 2, 3, 4, 5, 7],
        ),
        wide=True,
    )


def _outlook(outlook: Any, marts: Marts, words: Words) -> list[str]:
    """Write who fell to a segment in the latest month, and what is at stake in it."""
    if outlook is None:
        return ["", ""]
    fallen = outlook.fallen_customers
    if not fallen or (marts.anonymous and fallen < FEWEST):
        return ["", words.money(outlook.value_at_stake)]
    fell = words("rfm.fell_from", customers=words.count(fallen), segment=words.name(outlook.fallen_from))
    return [fell, words.money(outlook.value_at_stake)]
