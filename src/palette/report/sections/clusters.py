"""Which customers behave alike."""

from typing import Any, Literal

import pandas as pd

from palette.report.charts import segments as charts
from palette.report.frames import highest, rows, sample
from palette.report.marts import Marts
from palette.report.sections.common import (
    POINTS,
    Card,
    Cards,
    Drawing,
    Figure,
    Section,
    Table,
    advice_by_group,
    joined,
    list_by_group,
    sampled,
    texts_by,
    traced,
)
from palette.report.words import Words

CLUSTERINGS = ("rfm", "behaviour", "consumption")
MATRICES = {"behaviour": "behaviour", "consumption": "preference"}  # of `feature_correlations`
SAME = 0.9995  # a correlation from which two features are one
TELLING = 10  # features of the importances, and pairs of the correlations
MEASURES: tuple[Literal["inertia"], Literal["silhouette"]] = ("inertia", "silhouette")
FAVOURITES = 3  # products on a card


def build(marts: Marts, words: Words) -> Section | None:
    """Assemble the section: each clustering that the retailer has, in turn; none that may not be shown."""
    present = set(marts("cluster_profiles")["clustering"])
    figures = [
        figure
        for clustering in CLUSTERINGS
        if clustering in present
        for figure in _clustering(marts, words, clustering)
    ]
    profiles = marts("cluster_profiles", where="clustering = 'rfm'", order="revenue desc")
    if profiles.empty:
        return None
    first = profiles.iloc[0]
    return Section(
        "clusters",
        words("clusters.title"),
        words(
            "clusters.sentence",
            clusters=words.count(len(profiles)),
            cluster=words.name(first["cluster_name"]),
            size=words.percent(first["customer_share"]),
            revenue=words.percent(first["revenue_share"]),
        ),
        figures,
    )


def _clustering(marts: Marts, words: Words, clustering: str) -> list[Figure]:
    return [
        *_diagnostics(marts, words, clustering),
        _profiles(marts, words, clustering),
        _importances(marts, words, clustering),
        *(_correlations(marts, words, clustering) if clustering in MATRICES else []),
        *_drift(marts, words, clustering),
        *([] if marts.anonymous else [_components(marts, words, clustering)]),
        _cards(marts, words, clustering),
    ]


@traced
def _diagnostics(marts: Marts, words: Words, clustering: str) -> list[Figure]:
    name = words.term("clustering", clustering)
    candidates = marts("cluster_diagnostics", where=f"clustering = '{clustering}'", order="k")
    if not candidates["is_chosen"].any():
        return [Figure(f"{clustering}_k", name, words("clusters.few"))]
    chosen = candidates[candidates["is_chosen"]].iloc[0]
    best = highest(candidates, candidates["silhouette"])
    rank = int(candidates["silhouette"].rank(ascending=False)[candidates["is_chosen"]].iloc[0])
    sentences = {
        "inertia": words(
            "clusters.elbow_sentence",
            k=words.count(chosen["k"]),
            share=words.percent(1 - chosen["inertia"] / candidates["inertia"].iloc[0]),
            first=words.count(candidates["k"].iloc[0]),
        ),
        "silhouette": words(
            "clusters.silhouette_sentence",
            k=words.count(chosen["k"]),
            silhouette=words.decimal(chosen["silhouette"], 3),
            rank=words.count(rank),
            all=words.count(len(candidates)),
            best=words.count(best["k"]),
            highest=words.decimal(best["silhouette"], 3),
        )
        + " "
        + words(
            "clusters.apart" if chosen["stands_apart"] else "clusters.not_apart",
            bound=words.decimal(chosen["one_group_silhouette"], 3),
        ),
    }
    return [
        Figure(
            f"{clustering}_{measure}",
            f"{name}: {words(f'clusters.{measure}')}",
            sentences[measure],
            Drawing(charts.diagnostics(candidates[["k", measure, "is_chosen"]], measure, words)),
            note=words("clusters.chosen_note"),
        )
        for measure in MEASURES
    ]


@traced
def _profiles(marts: Marts, words: Words, clustering: str) -> Figure:
    centres = marts("cluster_centres", where=f"clustering = '{clustering}'", order="cluster_name, feature")
    centres = centres.assign(
        label=centres["cluster_name"].map(words.name),
        feature_label=centres["feature"].map(lambda feature: words.term("feature", feature)),
    )
    far = highest(centres, centres["standardised_mean"].abs())
    return Figure(
        f"{clustering}_profiles",
        f"{words.term('clustering', clustering)}: {words('clusters.profiles')}",
        words(
            "clusters.profiles_above" if far["standardised_mean"] >= 0 else "clusters.profiles_below",
            cluster=far["label"],
            feature=far["feature_label"],
            deviations=words.decimal(abs(far["standardised_mean"]), 1),
        ),
        Drawing(
            charts.profiles(
                centres[["label", "feature_label", "mean", "overall_mean", "standardised_mean"]], words
            )
        ),
    )


@traced
def _components(marts: Marts, words: Words, clustering: str) -> Figure:
    title = f"{words.term('clustering', clustering)}: {words('clusters.components')}"
    customers = marts("customer_clusters", where=f"clustering = '{clustering}'", order="customer_id")
    components = marts("cluster_components", where=f"clustering = '{clustering}'", order="component, feature")
    shares = components.groupby("component")["variance_share"].first()
    if len(shares) < 2 or not shares.all():
        return Figure(f"{clustering}_components", title, words("clusters.one_component"))
    main = components.loc[components.groupby("component")["loading"].apply(lambda part: part.abs().idxmax())]
    features = [words.term("feature", feature) for feature in main["feature"]]
    axes = [
        words("clusters.component", number=number, share=words.percent(share), feature=feature)
        for (number, share), feature in zip(shares.items(), features, strict=True)
    ]
    points = sample(customers.assign(label=customers["cluster_name"].map(words.name)), POINTS)
    return Figure(
        f"{clustering}_components",
        title,
        words(
            "clusters.components_sentence",
            share=words.percent(shares.sum()),
            features=joined(list(dict.fromkeys(features)), words),
        ),
        Drawing(
            charts.components(
                points[["customer_id", "label", "component_1", "component_2"]].round(3),
                (axes[0], axes[1]),
                words,
            )
        ),
        note=sampled(customers, words),
    )


@traced
def _importances(marts: Marts, words: Words, clustering: str) -> Figure:
    title = f"{words.term('clustering', clustering)}: {words('clusters.importances')}"
    features = marts("cluster_importances", where=f"clustering = '{clustering}'", order="importance_rank")
    if not features["importance"].any():
        return Figure(f"{clustering}_importances", title, words("clusters.few"))
    features = features.head(TELLING)
    features = features.assign(
        label=features["feature"].map(lambda feature: words.term("feature", feature)),
        text=features["importance"].map(words.percent),
    )
    return Figure(
        f"{clustering}_importances",
        title,
        words(
            "clusters.importances_sentence",
            feature=features["label"].iloc[0],
            share=words.percent(features["importance"].iloc[0]),
        ),
        Drawing(charts.importances(features, words)),
    )


@traced
def _correlations(marts: Marts, words: Words, clustering: str) -> list[Figure]:
    """Show which of the features that it was clustered on go together; nothing where there are no pairs."""
    pairs = marts(
        "feature_correlations",
        where=f"matrix = '{MATRICES[clustering]}' and feature < other_feature and abs(correlation) < {SAME}",
        order="abs(correlation) desc, feature, other_feature",
    ).head(TELLING)
    if pairs.empty:
        return []
    told = [
        [
            words.term("feature", row.feature),
            words.term("feature", row.other_feature),
            words.decimal(row.correlation),
        ]
        for row in rows(pairs)
    ]
    feature, other, correlation = told[0]
    return [
        Figure(
            f"{clustering}_correlations",
            f"{words.term('clustering', clustering)}: {words('clusters.correlations')}",
            words("clusters.correlations_sentence", feature=feature, other=other, correlation=correlation),
            Table(
                [words("clusters.feature"), words("clusters.other"), words("clusters.correlation")],
                told,
                numeric=[2],
            ),
            note=words("clusters.correlations_note", top=words.count(len(told))),
        )
    ]


@traced
def _drift(marts: Marts, words: Words, clustering: str) -> list[Figure]:
    """Show where the clusters were in past months; nothing before the second month end."""
    months = marts(
        "cluster_drift",
        where=f"clustering = '{clustering}' and centre_distance is not null",
        order="month_end, cluster_name",
    )
    if months["month_end"].nunique() < 2:
        return []
    months = months.assign(
        label=months["cluster_name"].map(words.name),
        month=pd.to_datetime(months["month_end"]).dt.strftime("%Y-%m"),
    )
    far = highest(months, months["centre_distance"])
    return [
        Figure(
            f"{clustering}_drift",
            f"{words.term('clustering', clustering)}: {words('clusters.drift')}",
            words("clusters.drift_sentence", cluster=far["label"], month=words.month(far["month_end"])),
            Drawing(charts.drift(months, words)),
            note=words("clusters.drift_note"),
        )
    ]


def _first(products: str) -> str:
    """Shorten a list of products."""
    return " · ".join(products.split(" | ")[:FAVOURITES])


def _evenness(row: Any, words: Words) -> list[tuple[str, str]]:
    """Say how even a cluster is and how much its spend varies from month to month, where that is known."""
    known = []
    if pd.notna(row.silhouette_mean):
        known.append((words("clusters.evenness"), words.decimal(row.silhouette_mean)))
    if pd.notna(row.monthly_spend_variation):
        known.append((words("clusters.variation"), words.percent(row.monthly_spend_variation, 0)))
    return known


@traced
def _cards(marts: Marts, words: Words, clustering: str) -> Figure:
    profiles = marts("cluster_profiles", where=f"clustering = '{clustering}'", order="revenue desc")
    actions = advice_by_group(marts, words, clustering)
    strategies = marts.shared("cluster_strategies")
    of_clustering = strategies[strategies["clustering"] == clustering]
    lists = list_by_group(marts, words, of_clustering, "cluster_name")
    descriptions = texts_by(profiles, "cluster_name", f"description_{words.language}")
    favourites = texts_by(profiles, "cluster_name", "favourite_products")
    if marts.anonymous:
        shown = set(marts("product_sales", "product_name, customers")["product_name"])
        favourites = {
            cluster: " | ".join(product for product in products.split(" | ") if product in shown)
            for cluster, products in favourites.items()
        }
    several = len(set(favourites.values())) > 1 or any(" | " in each for each in favourites.values())

    def favoured(cluster: str) -> list[tuple[str, str]]:
        """Name what a cluster likes, in a shop with more than one thing to like."""
        return [(words("clusters.favourites"), _first(favourites.get(cluster, "")))] if several else []

    cards = [
        Card(
            words.name(row.cluster_name),
            [
                (words("customers"), f"{words.count(row.customers)} ({words.percent(row.customer_share)})"),
                (words("share.revenue"), words.percent(row.revenue_share)),
                (words("overview.per_customer"), words.money(row.revenue_per_customer)),
                *_evenness(row, words),
                *favoured(row.cluster_name),
                *([(words("rfm.list"), lists[row.cluster_name])] if row.cluster_name in lists else []),
            ],
            [descriptions.get(row.cluster_name, ""), actions.get(row.cluster_name, "")],
        )
        for row in rows(profiles)
    ]
    largest = highest(profiles, profiles["customers"])
    return Figure(
        f"{clustering}_cards",
        f"{words.term('clustering', clustering)}: {words('clusters.cards')}",
        words(
            "clusters.cards_sentence",
            cluster=words.name(largest["cluster_name"]),
            customers=words.count(largest["customers"]),
        ),
        Cards(cards),
        wide=True,
    )
