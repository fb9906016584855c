"""What the charts of several domains share."""

from collections.abc import Sequence
from typing import TypeAlias

import altair as alt
import pandas as pd

from palette.report.theme import ACCENT, INK, QUIET, SEQUENCE
from palette.report.words import Words

Chart: TypeAlias = alt.Chart | alt.LayerChart

# D3 calls a thousand million G; readers of money call it B.
SHORT_NUMBER = (
    "abs(datum.value) < 1 ? format(datum.value, '.2~f') : replace(format(datum.value, '.3~s'), 'G', 'B')"
)
WIDTH_OF_A_SIGN = 5.5  # pixels, of text in a cell
BY_WORD = "split(datum.label, ' ')"  # a label of several words takes several lines
ROW = 26  # pixels for a bar and the gap to the next


def base(frame: pd.DataFrame) -> alt.Chart:
    """Start a chart as wide as its place on the page."""
    return alt.Chart(frame).properties(width="container")


def short_axis(title: str) -> alt.Axis:
    """Return an axis of large numbers: 200k, 1.5M."""
    return alt.Axis(title=title, labelExpr=SHORT_NUMBER, tickCount=5)


def in_order(frame: pd.DataFrame, label: str) -> alt.Y:
    """Set names below each other in the order of the frame, leaving none out."""
    return alt.Y(f"{label}:N", sort=frame[label].tolist(), title=None, axis=alt.Axis(labelOverlap=False))


def ranked_bars(
    frame: pd.DataFrame,
    *,
    label: str,
    value: str,
    text: str,
    tooltip: Sequence[alt.Tooltip],
    marked: str | None = None,
) -> alt.LayerChart:
    """Draw horizontal bars in the order of the frame, each with its value written beside it.

    Parameters
    ----------
    frame
        A row a bar, best first.
    label, value, text
        Columns: the bar's name, its length, and the length as written.
    marked
        A Boolean column; bars for which it is false are drawn quietly. All are accented when None.
    """
    bars = base(frame).encode(
        y=in_order(frame, label),
        x=alt.X(f"{value}:Q", axis=None, scale=alt.Scale(domain=[0, longest(frame[value]) * 1.35])),
        tooltip=list(tooltip),
    )
    color = (
        alt.value(ACCENT)
        if marked is None
        else alt.condition(alt.datum[marked], alt.value(ACCENT), alt.value(QUIET))
    )
    written = bars.mark_text(align="left", dx=5).encode(text=f"{text}:N")
    return alt.layer(bars.mark_bar(cornerRadiusEnd=2).encode(color=color), written).properties(
        height=ROW * len(frame)
    )


def count_tip(field: str, title: str) -> alt.Tooltip:
    """Tell a whole number."""
    return alt.Tooltip(f"{field}:Q", title=title, format=",")


def share_tip(field: str, title: str) -> alt.Tooltip:
    """Tell a share as a percentage."""
    return alt.Tooltip(f"{field}:Q", title=title, format=".1%")


def money_tip(field: str, title: str, words: Words) -> alt.Tooltip:
    """Tell an amount in the retailer's currency."""
    return alt.Tooltip(f"{field}:Q", title=f"{title} ({words.currency})", format=words.money_format)


def longest(values: pd.Series) -> float:
    """Return the largest of the values, or 1 when none is above zero."""
    largest = float(values.max()) if len(values) else 0.0
    return largest if largest > 0 else 1.0


def heatmap(
    frame: pd.DataFrame,
    *,
    x: alt.X,
    y: alt.Y,
    color: alt.Color,
    tooltip: Sequence[alt.Tooltip],
    height: int,
    written: bool = True,
) -> Chart:
    """Draw cells coloured by a value.

    Parameters
    ----------
    frame
        A row a cell.
    written
        Whether the column ``text`` is written into the cells, in white where ``dark`` is true. Where one
        would not fit, as on a phone, none is.
    """
    cells = base(frame).encode(x=x, y=y, tooltip=list(tooltip))
    drawn = cells.mark_rect(cornerRadius=2, stroke="white", strokeWidth=2).encode(color=color)
    if not written:
        return drawn.properties(height=height)
    ink = alt.condition(alt.datum["dark"], alt.value("white"), alt.value(INK))
    needed = WIDTH_OF_A_SIGN * max(map(len, frame["text"].dropna()), default=0)
    fits = alt.ExprRef(f"bandwidth('x') < {needed} ? 0 : 1")
    text = cells.mark_text(fontSize=11, opacity=fits).encode(text="text:N", color=ink)
    return alt.layer(drawn, text).properties(height=height)


def sequential(frame: pd.DataFrame, value: str, title: str, legend: bool = True) -> alt.Color:
    """Colour by an amount, from light to dark."""
    return alt.Color(
        f"{value}:Q",
        scale=alt.Scale(range=SEQUENCE, domain=[0, longest(frame[value])]),
        legend=alt.Legend(title=title, labelExpr=SHORT_NUMBER) if legend else None,
    )


def is_dark(values: pd.Series) -> pd.Series:
    """Say of amounts coloured by :func:`sequential` whether white text is read better on them."""
    return values > 0.55 * longest(values)
