"""Charts of what is bought together."""

import altair as alt
import networkx as nx
import pandas as pd

from palette.report.charts.common import ROW, base, share_tip
from palette.report.frames import rows
from palette.report.theme import ACCENT, QUIET, SEQUENCE
from palette.report.words import Words

ACROSS = 3.0  # pairs of products side by side in the network


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


def rules_network(rules: pd.DataFrame, words: Words) -> alt.LayerChart:
    """Draw products as nodes and rules as lines between them; only their places on the page are computed.

    Parameters
    ----------
    rules
        Rows of ``basket_rules``; each side of a rule is one node, whatever it holds.
    """
    graph = nx.Graph()
    for rule in rows(rules):
        graph.add_edge(rule.antecedents, rule.consequents, lift=rule.lift)
    places = _places(graph)
    nodes = pd.DataFrame(
        [
            {"product": name, "x": round(float(x), 3), "y": round(float(y), 3), "rules": graph.degree[name]}
            for name, (x, y) in places.items()
        ]
    )
    edges = pd.DataFrame(
        [
            {
                "x": places[one][0],
                "y": places[one][1],
                "x2": places[two][0],
                "y2": places[two][1],
                "lift": lift,
            }
            for one, two, lift in graph.edges(data="lift")
        ]
    ).round(3)
    across = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, ACROSS]))
    up = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[float(nodes["y"].min()) - 0.2, 0]))
    lines = (
        base(edges)
        .mark_rule(color=QUIET)
        .encode(
            x=across,
            y=up,
            x2="x2:Q",
            y2="y2:Q",
            strokeWidth=alt.StrokeWidth("lift:Q", scale=alt.Scale(range=[1, 4], zero=False), legend=None),
            tooltip=[alt.Tooltip("lift:Q", title=words("baskets.lift"), format=".1f")],
        )
    )
    placed = base(nodes).encode(
        x=across, y=up, tooltip=[alt.Tooltip("product:N", title=words("baskets.products"))]
    )
    return alt.layer(
        lines,
        placed.mark_point(size=110, opacity=1, color=ACCENT),
        placed.mark_text(dy=-11, fontSize=10.5, limit=168).encode(text="product:N"),
    ).properties(height=int(110 * (0.2 - nodes["y"].min())))


def _places(graph: nx.Graph) -> dict[str, tuple[float, float]]:
    """Lay out each connected part by itself and set the parts in rows, the largest first."""
    places: dict[str, tuple[float, float]] = {}
    left, top, row = 0.0, 0.0, 0.0
    parts = sorted(nx.connected_components(graph), key=lambda part: (-len(part), min(part)))
    for part in parts:
        width, height = min(1.0 + 0.5 * (len(part) - 2), ACROSS), 0.5 + 0.35 * (len(part) - 2) ** 0.7
        if left + width > ACROSS:
            left, top, row = 0.0, top - row, 0.0
        ordered: nx.Graph = nx.Graph()  # a view of the graph has its nodes in any order
        ordered.add_nodes_from(sorted(part))
        ordered.add_edges_from(sorted(graph.edges(part)))
        layout = nx.kamada_kawai_layout(ordered, weight=None)
        for name, (x, y) in layout.items():
            across = 0.25 + (width - 0.5) * (0.5 + 0.5 * x)  # a quarter on each side is for the names
            places[name] = (left + across, top - height * (0.5 + 0.3 * y))
        left, row = left + width, max(row, height)
    return places


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
