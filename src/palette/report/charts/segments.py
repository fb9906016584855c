"""Charts of RFM segments, clusters and the lifestyle palette."""

from typing import Literal

import altair as alt
import pandas as pd

from palette.report.charts.common import (
    BY_WORD,
    ROW,
    Chart,
    base,
    count_tip,
    heatmap,
    in_order,
    is_dark,
    money_tip,
    ranked_bars,
    sequential,
    share_tip,
)
from palette.report.theme import ACCENT, CONTRAST, DIFFERENCE, QUIET
from palette.report.words import Words


def segment_shares(segments: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Set each segment's share of the revenue against its share of the customers.

    Parameters
    ----------
    segments
        ``rfm_segment_profiles`` with ``label``, in the order to draw.
    """
    order = in_order(segments, "label")
    tooltip = [
        alt.Tooltip("label:N", title=words("segment")),
        count_tip("customers", words("customers")),
        share_tip("customer_share", words("share.customers")),
        share_tip("revenue_share", words("share.revenue")),
        money_tip("monetary_mean", words("rfm.mean"), words),
    ]
    link = (
        base(segments)
        .mark_rule(strokeWidth=3)
        .encode(
            y=order, x=alt.X("customer_share:Q", title=None, axis=alt.Axis(format="%")), x2="revenue_share:Q"
        )
    )
    measures = [words("share.customers"), words("share.revenue")]
    ends = pd.concat(
        [
            segments.assign(measure=measure, share=segments[column])
            for measure, column in zip(measures, ["customer_share", "revenue_share"], strict=True)
        ]
    )
    scale = alt.Scale(domain=measures, range=[CONTRAST, ACCENT])
    dots = (
        base(ends)
        .mark_point(size=110, opacity=1)
        .encode(
            y=order,
            x=alt.X("share:Q"),
            color=alt.Color("measure:N", scale=scale, title=None),
            shape=alt.Shape(
                "measure:N", scale=alt.Scale(domain=measures, range=["circle", "square"]), title=None
            ),
            tooltip=tooltip,
        )
    )
    return alt.layer(link, dots).properties(height=(ROW + 4) * len(segments))


def rfm_grid(grid: pd.DataFrame, words: Words) -> Chart:
    """Draw customers by recency and frequency score, the best ones top right; takes ``rfm_grid``."""
    frame = grid.assign(dark=is_dark(grid["customers"]), text=grid["customers"].map(words.count))
    return heatmap(
        frame,
        x=alt.X("f_score:O", title=words("rfm.f_score"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("r_score:O", sort="descending", title=words("rfm.r_score")),
        color=sequential(grid, "customers", words("customers"), legend=False),
        tooltip=[
            alt.Tooltip("r_score:O", title=words("rfm.r_score")),
            alt.Tooltip("f_score:O", title=words("rfm.f_score")),
            count_tip("customers", words("customers")),
            share_tip("revenue_share", words("share.revenue")),
            money_tip("monetary_mean", words("rfm.mean"), words),
        ],
        height=260,
    )


def contribution(classes: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw the contribution effect of each class, a line a dimension.

    Parameters
    ----------
    classes
        ``rfm_contribution`` with ``label``, the dimension's name.
    """
    places = base(classes).encode(
        x=alt.X("class:O", title=words("rfm.class"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("contribution_effect:Q", title=words("rfm.effect")),
        color=alt.Color("label:N", title=None),
        tooltip=[
            alt.Tooltip("label:N", title=words("rfm.dimension")),
            alt.Tooltip("class:O", title=words("rfm.class")),
            share_tip("percent", words("share.customers")),
            share_tip("amount_contribution", words("share.revenue")),
            alt.Tooltip("contribution_effect:Q", title=words("rfm.effect"), format=".2f"),
        ],
    )
    own_size = base(classes).mark_rule(strokeDash=[4, 4]).encode(y=alt.YDatum(1))
    points = places.mark_point(size=60, opacity=1).encode(shape=alt.Shape("label:N", legend=None))
    return alt.layer(own_size, places.mark_line(), points).properties(height=260)


def diagnostics(
    candidates: pd.DataFrame, measure: Literal["inertia", "silhouette"], words: Words
) -> alt.LayerChart:
    """Draw the elbow or the silhouette, with the chosen k marked; takes rows of ``cluster_diagnostics``."""
    title = words.term("measure", measure)
    number, ticks = (",.0f", "~s") if measure == "inertia" else (".3f", ".2f")
    places = base(candidates).encode(
        x=alt.X("k:O", title=words("clusters.k"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            f"{measure}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=ticks, tickCount=4)
        ),
        tooltip=[
            alt.Tooltip("k:O", title=words("clusters.k")),
            alt.Tooltip(f"{measure}:Q", title=title, format=number),
        ],
    )
    chosen = places.transform_filter(alt.datum.is_chosen)
    return alt.layer(
        places.mark_line(),
        places.mark_point(size=40, opacity=1),
        chosen.mark_point(size=190, color=CONTRAST, shape="diamond", opacity=1),
    ).properties(height=170)


def profiles(centres: pd.DataFrame, words: Words) -> Chart:
    """Draw how far each cluster lies from the mean of all customers, feature by feature.

    Parameters
    ----------
    centres
        ``cluster_centres`` of one clustering with ``label`` (cluster) and ``feature_label``.
    """
    frame = centres.assign(
        text=centres["standardised_mean"].map(lambda value: f"{value:+z.1f}"),
        dark=centres["standardised_mean"].abs() > 1.2,
    )
    return heatmap(
        frame,
        x=alt.X("label:N", title=None, axis=alt.Axis(labelAngle=0, labelExpr=BY_WORD, labelOverlap=False)),
        y=alt.Y("feature_label:N", title=None, sort=None, axis=alt.Axis(labelOverlap=False)),
        color=alt.Color(
            "standardised_mean:Q",
            scale=alt.Scale(range=DIFFERENCE, domain=[-2, 2], clamp=True),
            legend=alt.Legend(title=words("clusters.deviations"), values=[-2, -1, 0, 1, 2]),
        ),
        tooltip=[
            alt.Tooltip("label:N", title=words("cluster")),
            alt.Tooltip("feature_label:N", title=words("clusters.feature")),
            alt.Tooltip("mean:Q", title=words("clusters.mean"), format=",.2f"),
            alt.Tooltip("overall_mean:Q", title=words("clusters.overall_mean"), format=",.2f"),
            alt.Tooltip("standardised_mean:Q", title=words("clusters.deviations"), format="+.2f"),
        ],
        height=max(ROW * frame["feature_label"].nunique(), 60),
    )


def components(customers: pd.DataFrame, axes: tuple[str, str], words: Words) -> alt.Chart:
    """Draw customers on their first two principal components, coloured and shaped by cluster.

    Parameters
    ----------
    customers
        Rows of ``customer_clusters`` of one clustering, with ``label``.
    axes
        Titles of the two components.
    """
    return (
        base(customers)
        .mark_point(size=26, opacity=0.65)
        .encode(
            x=alt.X("component_1:Q", title=axes[0], axis=alt.Axis(tickCount=5)),
            y=alt.Y("component_2:Q", title=axes[1], axis=alt.Axis(tickCount=5)),
            color=alt.Color("label:N", title=None, legend=alt.Legend(columns=2)),
            shape=alt.Shape("label:N", title=None),
            tooltip=[
                alt.Tooltip("customer_id:N", title=words("customer")),
                alt.Tooltip("label:N", title=words("cluster")),
            ],
        )
        .properties(height=280)
    )


def importances(features: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw features by how much they tell groups apart; takes ``label``, ``importance`` and ``text``."""
    return ranked_bars(
        features[["label", "importance", "text"]],
        label="label",
        value="importance",
        text="text",
        tooltip=[
            alt.Tooltip("label:N", title=words("clusters.feature")),
            share_tip("importance", words("clusters.importance")),
        ],
    )


def drift(months: pd.DataFrame, words: Words) -> alt.Chart:
    """Draw how far each cluster lay from where it is today, month by month.

    Parameters
    ----------
    months
        Rows of ``cluster_drift`` of one clustering, with ``label`` (cluster) and ``month``, as written.
    """
    return (
        base(months[["month", "label", "centre_distance", "customers"]])
        .mark_line(point={"size": 36})
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("centre_distance:Q", title=words("clusters.distance"), axis=alt.Axis(tickCount=5)),
            color=alt.Color("label:N", title=None, legend=alt.Legend(columns=2)),
            shape=alt.Shape("label:N", legend=None),
            tooltip=[
                alt.Tooltip("label:N", title=words("cluster")),
                alt.Tooltip("month:O", title=words("clusters.month")),
                alt.Tooltip("centre_distance:Q", title=words("clusters.distance"), format=".2f"),
                count_tip("customers", words("customers")),
            ],
        )
        .properties(height=280)
    )


def palette_matrix(groups: pd.DataFrame, words: Words) -> Chart:
    """Draw the customers of each behaviour and taste; takes ``palette_matrix`` with labels of both."""
    frame = groups.assign(
        dark=is_dark(groups["customers"]),
        text=[
            f"{words.count(count)} ({words.percent(share)})"
            for count, share in zip(groups["customers"], groups["customer_share"], strict=True)
        ],
    )
    return heatmap(
        frame,
        x=alt.X("consumption_label:N", title=None, axis=alt.Axis(labelAngle=0, labelExpr=BY_WORD)),
        y=alt.Y("behaviour_label:N", title=None),
        color=sequential(groups, "customers", words("customers"), legend=False),
        tooltip=[
            alt.Tooltip("behaviour_label:N", title=words("palette.behaviour")),
            alt.Tooltip("consumption_label:N", title=words("palette.consumption")),
            count_tip("customers", words("customers")),
            share_tip("customer_share", words("share.customers")),
        ],
        height=54 * groups["behaviour"].nunique(),
    )


def fitted_and_predicted(groups: pd.DataFrame, words: Words) -> alt.Chart:
    """Stack each group's clustered and predicted customers; takes ``palette_matrix`` with ``label``."""
    kinds = {"fitted_customers": words("palette.fitted"), "predicted_customers": words("palette.predicted")}
    parts = groups.melt(["label", "customers"], list(kinds), "kind", "count")
    parts["kind"] = parts["kind"].map(kinds)
    return (
        base(parts)
        .mark_bar()
        .encode(
            y=in_order(groups, "label"),
            x=alt.X("count:Q", title=words("customers"), axis=alt.Axis(tickCount=5)),
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=list(kinds.values()), range=[ACCENT, QUIET]), title=None
            ),
            order=alt.Order("kind:N", sort="ascending"),
            tooltip=[
                alt.Tooltip("label:N", title=words("palette.group")),
                alt.Tooltip("kind:N", title=words("palette.how")),
                count_tip("count", words("customers")),
            ],
        )
        .properties(height=ROW * len(groups))
    )


def confusion(pairs: pd.DataFrame, words: Words) -> Chart:
    """Draw which group held-out customers were taken for.

    Parameters
    ----------
    pairs
        ``palette_prediction_confusion`` of one target with ``actual_label`` and ``predicted_label``.
    """
    names = sorted({*pairs["actual_label"], *pairs["predicted_label"]})
    frame = pairs.assign(dark=is_dark(pairs["customers"]), text=pairs["customers"].map(words.count))
    return heatmap(
        frame,
        x=alt.X(
            "predicted_label:N",
            sort=names,
            title=words("palette.taken_for"),
            axis=alt.Axis(labelAngle=-40, labelOverlap=False),
        ),
        y=alt.Y(
            "actual_label:N", sort=names, title=words("palette.actual"), axis=alt.Axis(labelOverlap=False)
        ),
        color=sequential(pairs, "customers", words("customers"), legend=False),
        tooltip=[
            alt.Tooltip("actual_label:N", title=words("palette.actual")),
            alt.Tooltip("predicted_label:N", title=words("palette.taken_for")),
            count_tip("customers", words("customers")),
        ],
        height=ROW * len(names),
    )
