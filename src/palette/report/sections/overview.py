"""Who the customers are, what changed and what to do, on one screen."""

import altair as alt

from palette.report.charts.common import count_tip, ranked_bars, share_tip
from palette.report.frames import rows
from palette.report.marts import Marts
from palette.report.sections.common import (
    Drawing,
    Figure,
    Section,
    Table,
    Tile,
    Tiles,
    joined,
    ranked_segments,
    texts_by,
    traced,
)
from palette.report.words import Words

LEADING = 3  # segments named first


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    whole = marts("retailer_overview").iloc[0]
    top = ranked_segments(marts, words).head(LEADING)
    return Section(
        "overview",
        words("overview.title"),
        words(
            "overview.sentence",
            customers=words.count(whole["customers"]),
            orders=words.count(whole["orders"]),
            revenue=words.short_money(whole["revenue"]),
            leaders=joined(top["label"].tolist(), words),
            share=words.percent(top["revenue_share"].sum()),
            size=words.percent(top["customer_share"].sum()),
        )
        if len(top)
        else words(
            "overview.sentence_of_all",
            customers=words.count(whole["customers"]),
            orders=words.count(whole["orders"]),
            revenue=words.short_money(whole["revenue"]),
        ),
        [_figures(marts, words), _leading_segments(marts, words), _what_to_do(marts, words)],
    )


@traced
def _figures(marts: Marts, words: Words) -> Figure:
    """Show the numbers to read at a glance, and say what changed."""
    whole = marts("retailer_overview").iloc[0]
    results = marts.shared("quality_results")
    held = int(results["success"].sum())
    tiles = [
        Tile(words("customers"), words.count(whole["customers"])),
        Tile(words("orders"), words.count(whole["orders"])),
        Tile(words("revenue"), words.short_money(whole["revenue"]), words.money(whole["revenue"])),
        Tile(words("units"), words.count(whole["units"])),
        Tile(words("overview.per_order"), words.money(whole["revenue_per_order"])),
        Tile(words("overview.per_customer"), words.money(whole["revenue_per_customer"])),
        Tile(
            words("overview.quality"),
            words("overview.held", held=words.count(held), all=words.count(len(results))),
            words("quality.all_hold") if held == len(results) else words("overview.see_quality"),
        ),
        Tile(
            words("overview.as_of"),
            words.day(whole["as_of_date"]),
            words("overview.since", first=words.day(whole["first_ordered_on"])),
        ),
    ]
    return Figure("figures", words("overview.figures"), _what_changed(marts, words), Tiles(tiles), wide=True)


def _what_changed(marts: Marts, words: Words) -> str:
    months = marts("sales_monthly", order="month_start").dropna(subset=["revenue_change"])
    if months.empty:
        return words("overview.no_change")
    last = months.iloc[-1]
    return words(
        "overview.rose" if last["revenue_change"] >= 0 else "overview.fell",
        month=words.month(last["month_start"]),
        change=words.percent(abs(last["revenue_change"])),
        revenue=words.short_money(last["revenue"]),
    )


@traced
def _leading_segments(marts: Marts, words: Words) -> Figure:
    segments = ranked_segments(marts, words)
    segments = segments.assign(
        text=segments["revenue_share"].map(words.percent),
        leads=segments.index < LEADING,
    )
    if segments.empty:
        return Figure("segments", words("overview.segments"), words("anonymous.too_few"))
    first = segments.iloc[0]
    return Figure(
        "segments",
        words("overview.segments"),
        words(
            "overview.segments_sentence",
            segment=first["label"],
            share=words.percent(first["revenue_share"]),
            size=words.percent(first["customer_share"]),
        ),
        Drawing(
            ranked_bars(
                segments[["label", "revenue_share", "customers", "text", "leads"]],
                label="label",
                value="revenue_share",
                text="text",
                tooltip=[
                    alt.Tooltip("label:N", title=words("segment")),
                    share_tip("revenue_share", words("share.revenue")),
                    count_tip("customers", words("customers")),
                ],
                marked="leads",
            )
        ),
    )


@traced
def _what_to_do(marts: Marts, words: Words) -> Figure:
    segments = ranked_segments(marts, words).head(LEADING + 2)
    if segments.empty:
        return Figure("advice", words("overview.advice"), words("anonymous.too_few"))
    goals = texts_by(marts.shared("segment_strategies"), "rfm_segment", f"goal_{words.language}")
    return Figure(
        "advice",
        words("overview.advice"),
        words("overview.advice_sentence", segments=words.count(len(segments))),
        Table(
            [words("segment"), words("customers"), words("rfm.goal")],
            [
                [row.label, words.count(row.customers), goals.get(row.rfm_segment, "")]
                for row in rows(segments)
            ],
            numeric=[1],
        ),
    )
