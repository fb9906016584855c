"""The lifestyle palette: when people shop, and for what."""

import pandas as pd

from palette.report.charts import segments as charts
from palette.report.frames import highest, rows
from palette.report.marts import Marts
from palette.report.sections.common import Card, Cards, Drawing, Figure, Section
from palette.report.words import Words

PREFERRED = 3  # categories named on a group's card
TARGET = "palette_group"


def build(marts: Marts, words: Words) -> Section | None:
    """Assemble the section; a retailer with one category has no palette, and no section."""
    groups = marts("palette_matrix", order="behaviour, consumption")
    if groups.empty or not groups["customers"].any():
        return None
    groups = groups.assign(
        label=groups["palette_group"].map(words.name),
        behaviour_label=groups["behaviour"].map(words.name),
        consumption_label=groups["consumption"].map(words.name),
    )
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
            Figure(
                "matrix",
                words("palette.matrix"),
                words(
                    "palette.matrix_sentence",
                    behaviour=words.name(str(groups.groupby("behaviour")["customers"].sum().idxmax())),
                    consumption=words.name(str(groups.groupby("consumption")["customers"].sum().idxmax())),
                ),
                ("palette_matrix",),
                Drawing(
                    charts.palette_matrix(
                        groups[
                            [
                                "behaviour",
                                "behaviour_label",
                                "consumption_label",
                                "customers",
                                "customer_share",
                            ]
                        ],
                        words,
                    )
                ),
            ),
            *_split(groups, words),
            _confusion(marts, words),
            _cards(marts, words),
        ],
    )


def _split(groups: pd.DataFrame, words: Words) -> list[Figure]:
    """Set clustered and predicted customers side by side, where anybody's group was predicted."""
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
            ("palette_matrix", "customer_palette"),
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


def _confusion(marts: Marts, words: Words) -> Figure:
    source = ("palette_prediction_confusion", "palette_prediction_metrics")
    pairs = marts("palette_prediction_confusion", where=f"target = '{TARGET}'", order="actual, predicted")
    metrics = marts("palette_prediction_metrics", where=f"target = '{TARGET}'").set_index("metric")["value"]
    if pairs.empty:
        return Figure("confusion", words("palette.confusion"), words("palette.not_predicted"), source)
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
        source,
        Drawing(charts.confusion(pairs[["actual_label", "predicted_label", "customers"]], words)),
        wide=True,
    )


def _cards(marts: Marts, words: Words) -> Figure:
    groups = marts("palette_profiles", order="customers desc, palette_group")
    source = ("palette_profiles", "palette_category_preferences")
    if groups.empty:
        return Figure("cards", words("palette.cards"), words("anonymous.too_few"), source)
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
        source,
        Cards(cards),
        wide=True,
    )
