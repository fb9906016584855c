"""Charts of what customers are expected to bring, and whom to keep."""

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
    share_tip,
    short_axis,
)
from palette.report.theme import ACCENT, CONTRAST
from palette.report.words import Words


def deciles(shown: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw the revenue expected of each tenth of the customers, from rows of ``value_deciles``."""
    return (
        base(shown)
        .mark_bar(cornerRadiusEnd=2, color=ACCENT)
        .encode(
            x=alt.X("value_decile:O", title=words("worth.decile"), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("expected_revenue:Q", axis=short_axis(words.currency)),
            tooltip=[
                alt.Tooltip("value_decile:O", title=words("worth.decile")),
                count_tip("customers", words("customers")),
                money_tip("expected_revenue", words("worth.expected"), words),
                share_tip("revenue_share", words("share.revenue")),
                share_tip("purchase_probability", words("worth.probability")),
            ],
        )
        .properties(height=240)
    )


def calibration(shown: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw what was foretold of each tenth of past windows, beside what came.

    Parameters
    ----------
    shown
        A row a tenth: ``decile``, ``foretold``, ``actual`` with its interval ``low`` to ``high``, and
        ``customers``.
    """
    place = alt.X("decile:O", title=words("worth.decile"), axis=alt.Axis(labelAngle=0))
    tooltip = [
        alt.Tooltip("decile:O", title=words("worth.decile")),
        money_tip("foretold", words("worth.foretold"), words),
        money_tip("actual", words("worth.came"), words),
        money_tip("low", words("offers.low"), words),
        money_tip("high", words("offers.high"), words),
        count_tip("customers", words("customers")),
    ]
    both = alt.Scale(domain=[words("worth.foretold"), words("worth.came")], range=[CONTRAST, ACCENT])
    color = alt.Color("kind:N", scale=both, legend=alt.Legend(title=None))
    drawn = base(shown).encode(x=place, tooltip=tooltip)
    came = drawn.transform_calculate(kind=f"'{words('worth.came')}'")
    foretold = drawn.transform_calculate(kind=f"'{words('worth.foretold')}'")
    return alt.layer(
        came.mark_rule(strokeWidth=2.5).encode(
            y=alt.Y("low:Q", axis=short_axis(words.currency)), y2="high:Q", color=color
        ),
        came.mark_point(size=70, filled=True, opacity=1).encode(y="actual:Q", color=color),
        foretold.mark_tick(thickness=3, orient="horizontal").encode(y="foretold:Q", color=color),
    ).properties(height=240)


def keep(shown: pd.DataFrame, classes: list[str], silences: list[str], words: Words) -> Chart:
    """Draw customers by what they brought and how long they have been silent.

    Parameters
    ----------
    shown
        Rows of ``value_risk_matrix`` with ``worth``, ``quiet`` and ``text`` as written.
    classes, silences
        The names of both, best first.
    """
    columns = ["worth", "quiet", "customers", "revenue_12_months", "purchase_probability", "value_at_stake"]
    frame = shown[[*columns, "text"]].assign(dark=is_dark(shown["value_at_stake"]))
    return heatmap(
        frame,
        x=alt.X("quiet:N", sort=silences, title=words("worth.silence"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("worth:N", sort=classes, title=words("worth.class")),
        color=sequential(frame, "value_at_stake", words("worth.at_stake")),
        tooltip=[
            alt.Tooltip("worth:N", title=words("worth.class")),
            alt.Tooltip("quiet:N", title=words("worth.silence")),
            count_tip("customers", words("customers")),
            money_tip("revenue_12_months", words("worth.revenue"), words),
            share_tip("purchase_probability", words("worth.probability")),
            money_tip("value_at_stake", words("worth.at_stake"), words),
        ],
        height=48 * len(classes) + 40,
    )
