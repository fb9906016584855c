"""Charts of who comes back."""

import altair as alt
import pandas as pd

from palette.report.charts.common import (
    Chart,
    base,
    count_tip,
    heatmap,
    is_dark,
    ranked_bars,
    sequential,
    share_tip,
    short_axis,
)
from palette.report.theme import ACCENT
from palette.report.words import Words

MANY = 10  # orders from which customers are drawn together


def heatmap_of(shown: pd.DataFrame, words: Words) -> Chart:
    """Draw the share that bought, by month of the first purchase and months since.

    Parameters
    ----------
    shown
        Rows of ``cohorts`` with ``month`` and ``text``, both as written.
    """
    frame = shown[["month", "months_since", "customers", "active_customers", "active_share", "text"]]
    return heatmap(
        frame.assign(dark=is_dark(frame["active_share"])),
        x=alt.X("months_since:O", title=words("cohorts.months_since"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("month:O", title=words("cohorts.first")),
        color=sequential(frame, "active_share", words("cohorts.came_back"), legend=False),
        tooltip=[
            alt.Tooltip("month:O", title=words("cohorts.first")),
            alt.Tooltip("months_since:O", title=words("cohorts.months_since")),
            count_tip("customers", words("customers")),
            count_tip("active_customers", words("cohorts.came_back")),
            share_tip("active_share", words("cohorts.share")),
        ],
        height=26 * frame["month"].nunique() + 40,
    )


def by_orders(shown: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw customers by their number of orders, in the order of the frame, with ``label`` as written."""
    return (
        base(shown)
        .mark_bar(cornerRadiusEnd=2, color=ACCENT)
        .encode(
            x=alt.X("label:O", sort=None, title=words("orders"), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("customers:Q", axis=short_axis(words("customers"))),
            tooltip=[
                alt.Tooltip("label:O", title=words("orders")),
                count_tip("customers", words("customers")),
                share_tip("customer_share", words("share.customers")),
                share_tip("revenue_share", words("share.revenue")),
            ],
        )
        .properties(height=240)
    )


def intervals(bins: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw intervals between orders by their days; takes ``order_intervals`` with ``label``, the days."""
    shown = bins.assign(text=bins["interval_share"].map(words.percent))
    return ranked_bars(
        shown[["label", "intervals", "interval_share", "cumulative_share", "text"]],
        label="label",
        value="interval_share",
        text="text",
        tooltip=[
            alt.Tooltip("label:N", title=words("cohorts.days")),
            count_tip("intervals", words("orders")),
            share_tip("interval_share", words("share.orders")),
            share_tip("cumulative_share", words("cohorts.so_far")),
        ],
    )
