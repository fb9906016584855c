"""Charts of what is bought together."""

import altair as alt
import pandas as pd

from palette.report.charts.common import ROW, base, share_tip
from palette.report.theme import ACCENT, SEQUENCE
from palette.report.words import Words


def rules_scatter(rules: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw each rule by support and confidence, coloured by lift.

    Parameters
    ----------
    rules
        ``basket_rules`` with ``label``, the cluster's name.
    """
    return (
        base(rules)
        .mark_point(size=70, opacity=0.85, stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "support:Q",
                title=words("baskets.support"),
                axis=alt.Axis(format=".1%"),
                scale=alt.Scale(zero=False),
            ),
            y=alt.Y(
                "confidence:Q",
                title=words("baskets.confidence"),
                axis=alt.Axis(format="%"),
                scale=alt.Scale(zero=False),
            ),
            color=alt.Color(
                "lift:Q",
                title=words("baskets.lift"),
                scale=alt.Scale(range=SEQUENCE[1:], zero=False),
            ),
            tooltip=[
                alt.Tooltip("antecedents:N", title=words("baskets.if")),
                alt.Tooltip("consequents:N", title=words("baskets.then")),
                alt.Tooltip("label:N", title=words("cluster")),
                alt.Tooltip("support:Q", title=words("baskets.support"), format=".2%"),
                share_tip("confidence", words("baskets.confidence")),
                alt.Tooltip("lift:Q", title=words("baskets.lift"), format=".1f"),
            ],
        )
        .properties(height=300)
    )


def rules_by_cluster(rules: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw the lift of every rule, a row a cluster; takes ``basket_rules`` with ``label`` (cluster)."""
    return (
        base(rules)
        .mark_tick(thickness=2, size=ROW * 0.6, color=ACCENT, opacity=0.7)
        .encode(
            x=alt.X(
                "lift:Q", title=words("baskets.lift"), scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=6)
            ),
            y=alt.Y("label:N", title=None, axis=alt.Axis(labelOverlap=False)),
            tooltip=[
                alt.Tooltip("label:N", title=words("cluster")),
                alt.Tooltip("antecedents:N", title=words("baskets.if")),
                alt.Tooltip("consequents:N", title=words("baskets.then")),
                alt.Tooltip("lift:Q", title=words("baskets.lift"), format=".1f"),
            ],
        )
        .properties(height=(ROW + 8) * rules["label"].nunique())
    )
