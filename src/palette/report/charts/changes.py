"""Charts of what changed from month to month."""

import altair as alt
import pandas as pd

from palette.report.charts.common import (
    Chart,
    base,
    count_tip,
    heatmap,
    is_dark,
    money_tip,
    sequential,
    short_axis,
)
from palette.report.theme import ACCENT, CONTRAST, QUIET
from palette.report.words import Words


def bridge(changes: pd.DataFrame, ends: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Lead from one month's revenue to the next one's.

    Parameters
    ----------
    changes
        A row a part: ``label``, ``start`` and ``end`` of its bar, ``change`` and ``customers``.
    ends
        The two months: ``label`` and ``end``.
    """
    order = [ends["label"].iloc[0], *changes["label"], ends["label"].iloc[-1]]
    place = alt.X("label:N", sort=order, title=None, axis=alt.Axis(labelAngle=0))
    months = (
        base(ends)
        .mark_bar(color=QUIET)
        .encode(
            x=place,
            y=alt.Y("end:Q", axis=short_axis(words.currency)),
            tooltip=[
                alt.Tooltip("label:N", title=words("changes.part")),
                money_tip("end", words("revenue"), words),
            ],
        )
    )
    steps = (
        base(changes)
        .mark_bar()
        .encode(
            x=place,
            y=alt.Y("start:Q"),
            y2="end:Q",
            color=alt.condition(alt.datum.change >= 0, alt.value(ACCENT), alt.value(CONTRAST)),
            tooltip=[
                alt.Tooltip("label:N", title=words("changes.part")),
                money_tip("change", words("changes.change"), words),
                count_tip("customers", words("customers")),
            ],
        )
    )
    return alt.layer(months, steps).properties(height=260)


def moves(shown: pd.DataFrame, order: list[str], words: Words) -> Chart:
    """Draw customers by the segment they were of and the one they are of.

    Parameters
    ----------
    shown
        Rows of ``segment_migrations`` of one month, with ``origin``, ``target`` and ``text`` as written.
    order
        The segments' names, best first.
    """
    columns = ["origin", "target", "customers", "revenue_before", "revenue_after", "revenue_at_risk", "text"]
    frame = shown[columns].assign(dark=is_dark(shown["customers"]))
    return heatmap(
        frame,
        x=alt.X(
            "target:N",
            sort=order,
            title=words("changes.to"),
            axis=alt.Axis(labelAngle=-40, labelOverlap=False),
        ),
        y=alt.Y("origin:N", sort=order, title=words("changes.from")),
        color=sequential(frame, "customers", words("customers"), legend=False),
        tooltip=[
            alt.Tooltip("origin:N", title=words("changes.from")),
            alt.Tooltip("target:N", title=words("changes.to")),
            count_tip("customers", words("customers")),
            money_tip("revenue_before", words("changes.revenue_before"), words),
            money_tip("revenue_after", words("changes.revenue_after"), words),
            money_tip("revenue_at_risk", words("changes.at_risk"), words),
        ],
        height=26 * frame["origin"].nunique() + 40,
    )
