"""The lifestyle palette: when people shop, and for what."""

import pandas as pd

from palette.report.charts import segments as charts
from palette.report.frames import highest, rows
from palette.report.marts import Marts
from palette.report.sections.common import Card, Cards, Drawing, Figure, Section, traced
from palette.report.words import Words

PREFERRED = 3  # categories named on a group's card
TARGET = "palette_group"
TELLING = 10  # features of the importances


def build(marts: Marts, words: Words) -> Section | None:
    """Assemble the section; a retailer with one category has no palette, and no section."""
    groups = _groups(marts, words)
    if groups.empty or not groups["customers"].any():
        return None
    largest = highest(groups, groups["customers"])
    return Section(
        "palette",
        words("palette.title"),
        words(
            "palette.sentence",
            customers=words.count(groups["customers"].sum()),
            groups=words.count(len(groups)),
            group=largest["label"],
            share=words.percent(largest["customer_share"]),
        ),
        [
            _matrix(marts, words),
            *_split(marts, words),
            _confusion(marts, words),
            *_importances(marts, words),
            _cards(marts, words),
        ],
    )


def _groups(marts: Marts, words: Words) -> pd.DataFrame:
    """Return ``palette_matrix`` with what groups and both clusterings' clusters are called."""
    groups = marts("palette_matrix", order="behaviour, consumption")
    return groups.assign(
        label=groups["palette_group"].map(words.name),
        behaviour_label=groups["behaviour"].map(words.name),
        consumption_label=groups["consumption"].map(words.name),
    )


@traced
def _matrix(marts: Marts, words: Words) -> Figure:
    groups = _groups(marts, words)
    columns = ["behaviour", "behaviour_label", "consumption_label", "customers", "customer_share"]
    return Figure(
        "matrix",
        words("palette.matrix"),
        words(
            "palette.matrix_sentence",
            behaviour=words.name(str(groups.groupby("behaviour")["customers"].sum().idxmax())),
            consumption=words.name(str(groups.groupby("consumption")["customers"].sum().idxmax())),
        ),
        Drawing(charts.palette_matrix(groups[columns], words)),
    )


@traced
def _split(marts: Marts, words: Words) -> list[Figure]:
    """Set clustered and predicted customers side by side, where anybody's group was predicted."""
    groups = _groups(marts, words)
    if not groups["predicted_customers"].any():
        return []
    return [
        Figure(
            "split",
            words("palette.split"),
            words(
                "palette.split_sentence",
                fitted=words.count(groups["fitted_customers"].sum()),
                predicted=words.count(groups["predicted_customers"].sum()),
            ),
            Drawing(
                charts.fitted_and_predicted(
                    groups.sort_values(["customers", "label"], ascending=[False, True])[
                        ["label", "customers", "fitted_customers", "predicted_customers"]
                    ],
                    words,
                )
            ),
        ),
    ]


@traced
def _confusion(marts: Marts, words: Words) -> Figure:
    pairs = marts("palette_prediction_confusion", where=f"target = '{TARGET}'", order="actual, predicted")
    metrics = marts("palette_prediction_metrics", where=f"target = '{TARGET}'").set_index("metric")["value"]
    if pairs.empty:
        return Figure("confusion", words("palette.confusion"), words("palette.not_predicted"))
    pairs = pairs.assign(
        actual_label=pairs["actual"].map(words.name), predicted_label=pairs["predicted"].map(words.name)
    )
    return Figure(
        "confusion",
        words("palette.confusion"),
        words(
            "palette.confusion_sentence",
            accuracy=words.percent(metrics["accuracy"]),
            baseline=words.percent(metrics["majority_baseline"]),
        ),
        Drawing(charts.confusion(pairs[["actual_label", "predicted_label", "customers"]], words)),
        wide=True,
    )


@traced
def _importances(marts: Marts, words: Words) -> list[Figure]:
    """Show which features a group is predicted by; nothing where none is."""
    features = marts(
        "palette_prediction_importances",
        where=f"target = '{TARGET}' and importance_rank <= {TELLING} and importance > 0",
        order="importance_rank",
    )
    if features.empty:
        return []
    features = features.assign(
        label=features["feature"].map(lambda feature: words.term("feature", feature)),
        text=features["importance"].map(words.percent),
    )
    first = features.iloc[0]
    return [
        Figure(
            "importances",
            words("palette.importances"),
            words("palette.importances_sentence", feature=first["label"], share=first["text"]),
            Drawing(charts.importances(features, words)),
        )
    ]


@traced
def _cards(marts: Marts, words: Words) -> Figure:
    groups = marts("palette_profiles", order="customers desc, palette_group")
    if groups.empty:
        return Figure("cards", words("palette.cards"), words("anonymous.too_few"))
    preferences = marts("palette_category_preferences", order="palette_group, preference_rank")
    preferred = preferences[preferences["preference_rank"] <= PREFERRED].groupby("palette_group")[
        "super_category"
    ]
    liked = preferred.agg(", ".join).to_dict()
    cards = [
        Card(
            getattr(row, f"name_{words.language}"),
            [
                (words("customers"), f"{words.count(row.customers)} ({words.percent(row.customer_share)})"),
                (words("share.revenue"), words.percent(row.revenue_share)),
                (words("overview.per_customer"), words.money(row.revenue_per_customer)),
                (words("palette.weekend"), words.percent(row.r_weekend_mean, 0)),
                (words("palette.prefers"), liked.get(row.palette_group, "")),
            ],
            [getattr(row, f"description_{words.language}"), getattr(row, f"offer_{words.language}")],
        )
        for row in rows(groups)
    ]
    best = highest(groups, groups["revenue_per_customer"])
    return Figure(
        "cards",
        words("palette.cards"),
        words(
            "palette.cards_sentence",
            group=best[f"name_{words.language}"],
            revenue=words.money(best["revenue_per_customer"]),
        ),
        Cards(cards),
        wide=True,
    )
