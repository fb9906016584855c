"""Charts of what was sold, when and to whom."""

from typing import Literal

import altair as alt
import pandas as pd

from palette.report.charts.common import (
    Chart,
    base,
    count_tip,
    heatmap,
    in_order,
    money_tip,
    sequential,
    short_axis,
)
from palette.report.theme import ACCENT, CONTRAST, QUIET
from palette.report.words import Words

DAY = "%Y-%m-%d"


def waterfall(steps: pd.DataFrame, measure: Literal["lines", "amount"], words: Words) -> alt.LayerChart:
    """Show what each cleaning step took away and what was left after it.

    Parameters
    ----------
    steps
        ``cleaning_waterfall`` in order, with ``label``.
    measure
        Which columns to draw: ``<measure>_left`` and ``<measure>_dropped``.
    """
    left, dropped = f"{measure}_left", f"{measure}_dropped"
    unit = words("cleaning.lines") if measure == "lines" else words.currency
    number = "," if measure == "lines" else words.money_format
    frame = steps[["label", left, dropped]].assign(before=steps[left] + steps[dropped])
    bars = base(frame).encode(
        y=in_order(frame, "label"),
        tooltip=[
            alt.Tooltip("label:N", title=words("cleaning.step")),
            alt.Tooltip(f"{dropped}:Q", title=words("cleaning.dropped"), format=number),
            alt.Tooltip(f"{left}:Q", title=words("cleaning.left"), format=number),
        ],
    )
    kept = bars.mark_bar(color=QUIET).encode(x=alt.X(f"{left}:Q", axis=short_axis(unit)))
    gone = bars.mark_bar(color=CONTRAST).encode(x=alt.X(f"{left}:Q"), x2="before:Q")
    return alt.layer(kept, gone).properties(height=34 * len(frame))


def _day_axis() -> alt.X:
    return alt.X("date_day:T", title=None, axis=alt.Axis(format=DAY, grid=False, tickCount=6))


def _day_tip(words: Words) -> alt.Tooltip:
    return alt.Tooltip("date_day:T", title=words("sales.day"), format=DAY)


def revenue_by_day(daily: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw revenue by day as a line, with a mark on public holidays; takes ``sales_daily``."""
    revenue = alt.Y("revenue:Q", axis=short_axis(words.currency))
    day = _day_axis()
    tooltip = [
        _day_tip(words),
        money_tip("revenue", words("revenue"), words),
        count_tip("orders", words("orders")),
    ]
    line = base(daily).mark_line(strokeWidth=1.3).encode(x=day, y=revenue, tooltip=tooltip)
    if not daily["is_holiday"].any():
        return alt.layer(line).properties(height=240)
    holidays = (
        base(daily[daily["is_holiday"]])
        .mark_point(shape="diamond", color=CONTRAST, size=90, opacity=1)
        .encode(
            x=day, y=revenue, tooltip=[alt.Tooltip("holiday_name:N", title=words("sales.holiday")), *tooltip]
        )
    )
    return alt.layer(line, holidays).properties(height=240)


def weather_by_day(
    daily: pd.DataFrame, measure: Literal["mean_temperature", "rainfall"], words: Words
) -> alt.Chart:
    """Draw the temperature of each day as a line, or its rain as bars; takes ``sales_daily``."""
    chart = base(daily).encode(
        x=_day_axis(),
        y=alt.Y(
            f"{measure}:Q",
            title=words.term("feature", measure),
            axis=alt.Axis(tickCount=4),
            scale=alt.Scale(zero=measure == "rainfall"),
        ),
        tooltip=[
            _day_tip(words),
            alt.Tooltip(f"{measure}:Q", title=words.term("feature", measure), format=".1f"),
        ],
    )
    drawn = chart.mark_line(color=CONTRAST) if measure == "mean_temperature" else chart.mark_bar(color=ACCENT)
    return drawn.properties(height=120)


def revenue_by_month(monthly: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw a bar a month, quiet where the month is incomplete; takes ``sales_monthly`` with ``month``."""
    return (
        base(monthly)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("month:O", sort=None, title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("revenue:Q", axis=short_axis(words.currency)),
            color=alt.condition(alt.datum.is_complete, alt.value(ACCENT), alt.value(QUIET)),
            tooltip=[
                alt.Tooltip("month:O", title=words("sales.month")),
                money_tip("revenue", words("revenue"), words),
                alt.Tooltip("revenue_change:Q", title=words("sales.change"), format="+.1%"),
                count_tip("orders", words("orders")),
                count_tip("customers", words("customers")),
            ],
        )
        .properties(height=220)
    )


def week_heatmap(hours: pd.DataFrame, words: Words) -> Chart:
    """Draw revenue by weekday and hour; takes ``sales_by_weekday_hour`` with ``day``, the weekday's name."""
    return heatmap(
        hours,
        x=alt.X("hour_of_day:O", title=words("sales.hour"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("day:O", sort=[words.weekday(number) for number in range(1, 8)], title=None),
        color=sequential(hours, "revenue", words.currency),
        tooltip=[
            alt.Tooltip("day:O", title=words("sales.weekday")),
            alt.Tooltip("hour_of_day:O", title=words("sales.hour")),
            money_tip("revenue", words("revenue"), words),
            count_tip("orders", words("orders")),
        ],
        height=28 * 7,
        written=False,
    )


def demographics(
    groups: pd.DataFrame, measure: Literal["revenue", "revenue_per_customer"], words: Words
) -> alt.Chart:
    """Draw women's and men's bars side by side, an age band at a time.

    Parameters
    ----------
    groups
        ``sales_by_demographic`` with ``gender_label``.
    measure
        Column to draw: what they spend in all, or per head.
    """
    title = words.term("measure", measure)
    return (
        base(groups)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("age_band:O", title=words("sales.age"), axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("gender_label:N"),
            y=alt.Y(f"{measure}:Q", axis=short_axis(f"{title} ({words.currency})")),
            color=alt.Color("gender_label:N", title=None),
            tooltip=[
                alt.Tooltip("gender_label:N", title=words("sales.gender")),
                alt.Tooltip("age_band:O", title=words("sales.age")),
                money_tip(measure, title, words),
                count_tip("customers", words("customers")),
            ],
        )
        .properties(height=220)
    )
