"""Charts of what the recommendation lists are worth."""

import altair as alt
import pandas as pd

from palette.report.charts.common import ROW, base, count_tip, in_order, money_tip
from palette.report.theme import ACCENT, CONTRAST, MUTED
from palette.report.words import Words


def intervals(metrics: pd.DataFrame, title: str, made_by: str, words: Words) -> alt.LayerChart:
    """Draw each model's value with its confidence interval, the one that makes the list accented.

    Parameters
    ----------
    metrics
        Rows of ``recommendation_metrics`` of one list and metric, best first, with ``label``.
    title
        Name of the metric.
    made_by
        The model that makes the list.
    """
    color = alt.condition(alt.datum.model == made_by, alt.value(ACCENT), alt.value(MUTED))
    places = base(metrics).encode(
        y=in_order(metrics, "label"),
        color=color,
        tooltip=[
            alt.Tooltip("label:N", title=words("offers.model")),
            alt.Tooltip("value:Q", title=title, format=".3f"),
            alt.Tooltip("ci_low:Q", title=words("offers.low"), format=".3f"),
            alt.Tooltip("ci_high:Q", title=words("offers.high"), format=".3f"),
            count_tip("customers", words("customers")),
        ],
    )
    ranges = places.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("ci_low:Q", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5)),
        x2="ci_high:Q",
    )
    return alt.layer(ranges, places.mark_point(size=75, opacity=1).encode(x="value:Q")).properties(
        height=(ROW - 2) * len(metrics)
    )


def rule_costs(costs: pd.DataFrame, title: str, words: Words) -> alt.LayerChart:
    """Draw by how much each rule changes a metric, with the interval, a row a list and rule.

    Parameters
    ----------
    costs
        Rows of ``recommendation_rule_costs`` of one metric with ``label``.
    title
        Name of the change.
    """
    places = base(costs).encode(
        y=in_order(costs, "label"),
        tooltip=[
            alt.Tooltip("label:N", title=words("offers.rule")),
            alt.Tooltip("value_without:Q", title=words("offers.without"), format=".3f"),
            alt.Tooltip("value_with:Q", title=words("offers.with"), format=".3f"),
            alt.Tooltip("change:Q", title=title, format="+.3f"),
            alt.Tooltip("change_low:Q", title=words("offers.low"), format="+.3f"),
            alt.Tooltip("change_high:Q", title=words("offers.high"), format="+.3f"),
        ],
    )
    nothing = base(costs).mark_rule(strokeDash=[4, 4]).encode(x=alt.XDatum(0))
    ranges = places.mark_rule(strokeWidth=2.5, color=CONTRAST).encode(
        x=alt.X("change_low:Q", title=title, axis=alt.Axis(tickCount=5, format="+.3f")), x2="change_high:Q"
    )
    points = places.mark_point(size=75, color=CONTRAST, opacity=1).encode(x="change:Q")
    return alt.layer(nothing, ranges, points).properties(height=ROW * len(costs))


def customer_history(months: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw one customer's revenue by month; takes ``customer_monthly`` with ``month``, written as 2011-12."""
    return (
        base(months)
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("revenue:Q", title=words.currency, axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("month:O", title=words("sales.month")),
                money_tip("revenue", words("revenue"), words),
                count_tip("orders", words("orders")),
            ],
        )
        .properties(height=150)
    )
