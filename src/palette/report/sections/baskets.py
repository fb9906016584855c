"""What is bought together."""

import pandas as pd

from palette.report.charts import baskets as charts
from palette.report.frames import rows, sample
from palette.report.marts import Marts
from palette.report.sections.common import POINTS, Drawing, Figure, Section, Table, joined, sampled, traced
from palette.report.words import Words

STRONGEST = 20  # rules of the table
BETWEEN = " + "  # of the products on one side


def build(marts: Marts, words: Words) -> Section | None:
    """Assemble the section; none for a retailer without products."""
    if (marts("retailers")["item_level"] == "none").all():
        return None
    rules = _rules(marts, words)
    if rules.empty:
        return Section(
            "baskets", words("baskets.title"), words("baskets.none"), [_by_confidence(marts, words)]
        )
    best = rules.iloc[0]
    return Section(
        "baskets",
        words("baskets.title"),
        words(
            "baskets.sentence",
            rules=words.count(len(rules)),
            antecedents=best["antecedents"],
            consequents=best["consequents"],
            lift=words.decimal(best["lift"], 1),
        ),
        [
            _by_confidence(marts, words),
            _by_cluster(marts, words),
            _strongest(marts, words),
        ],
    )


def _rules(marts: Marts, words: Words) -> pd.DataFrame:
    """Return ``basket_rules`` that may be shown, the strongest first, with ``label``, the cluster's name."""
    rules = marts("basket_rules", order="lift desc, support desc, cluster_name, rule_id")
    if marts.anonymous:
        rules = _of_many_buyers(rules, marts)
    return rules.assign(label=rules["cluster_name"].map(words.name))


@traced
def _by_confidence(marts: Marts, words: Words) -> Figure:
    rules = _rules(marts, words)
    if rules.empty:
        return Figure("rules", words("baskets.rules"), words("baskets.none"))
    columns = ["antecedents", "consequents", "label", "support", "confidence", "lift"]
    return Figure(
        "rules",
        words("baskets.rules"),
        words(
            "baskets.rules_sentence",
            confidence=words.percent(rules["confidence"].median(), 0),
            support=words.percent(rules["support"].median()),
        ),
        Drawing(charts.rules_scatter(sample(rules, POINTS)[columns], words)),
        note=sampled(rules, words),
    )


@traced
def _by_cluster(marts: Marts, words: Words) -> Figure:
    rules = _rules(marts, words)
    by_cluster = rules.groupby("label").size()
    most = by_cluster[by_cluster == by_cluster.max()]
    columns = ["label", "antecedents", "consequents", "lift"]
    return Figure(
        "clusters",
        words("baskets.by_cluster"),
        words(
            "baskets.by_cluster_sentence",
            clusters=words.count(len(by_cluster)),
            most=joined(list(most.index), words),
            rules=words.count(most.iloc[0]),
        ),
        Drawing(charts.rules_by_cluster(sample(rules, POINTS)[columns], words)),
        note=sampled(rules, words),
    )


def _of_many_buyers(rules: pd.DataFrame, marts: Marts) -> pd.DataFrame:
    """Keep the rules between products that may be shown; those between categories name none."""
    if (marts("retailers")["item_level"] != "product").any():
        return rules
    products = set(marts("product_sales", "product_id, customers")["product_id"])
    sides = zip(rules["antecedent_ids"], rules["consequent_ids"], strict=True)
    kept = [all(products.issuperset(side.split(BETWEEN)) for side in both) for both in sides]
    if not all(kept):
        marts.hidden.add("basket_rules")
    return rules.loc[kept]


def _distinct(rules: pd.DataFrame) -> pd.DataFrame:
    """Keep the first rule of the same products, whichever way round and in whichever cluster."""
    together = rules["antecedent_ids"] + BETWEEN + rules["consequent_ids"]
    return rules[~together.map(lambda ids: frozenset(ids.split(BETWEEN))).duplicated()]


@traced
def _strongest(marts: Marts, words: Words) -> Figure:
    best = _distinct(_rules(marts, words)).head(STRONGEST)
    return Figure(
        "strongest",
        words("baskets.strongest"),
        words(
            "baskets.strongest_sentence",
            orders=words.count(best["orders"].iloc[0]),
            antecedents=best["antecedents"].iloc[0],
            confidence=words.percent(best["confidence"].iloc[0], 0),
            consequents=best["consequents"].iloc[0],
        ),
        Table(
            [
                words("baskets.if"),
                words("baskets.then"),
                words("cluster"),
                words("baskets.support"),
                words("baskets.confidence"),
                words("baskets.lift"),
                words("orders"),
            ],
            [
                [
                    row.antecedents,
                    row.consequents,
                    row.label,
                    words.percent(row.support, 2),
                    words.percent(row.confidence),
                    words.decimal(row.lift, 1),
                    words.count(row.orders),
                ]
                for row in rows(best)
            ],
            numeric=[3, 4, 5, 6],
        ),
        wide=True,
        note=words("baskets.strongest_note"),
    )
