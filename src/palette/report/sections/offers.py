"""What to offer whom, and whether such offers were any good in the past."""

from typing import Any

import pandas as pd

from palette.core.catalogue import list_names
from palette.report.charts import recommendations as charts
from palette.report.customers import REASONS
from palette.report.frames import highest, rows
from palette.report.marts import Marts
from palette.report.sections.common import Card, Cards, Drawing, Figure, Section, Table, traced
from palette.report.words import Words

METRIC, K = "ndcg", 10
HYBRID = "hybrid"
METRICS = ("ndcg", "recall", "precision", "map", "hit_rate", "coverage", "novelty", "diversity")
EXAMPLES = 3


def build(marts: Marts, words: Words) -> Section | None:
    """Assemble the section; none for a retailer without products."""
    if (marts("retailers")["item_level"] == "none").all():
        return None
    offered = marts(
        "recommendations", "count(distinct customer_id) as reached, count(distinct list_name) as lists"
    ).iloc[0]
    return Section(
        "offers",
        words("offers.title"),
        words(
            "offers.sentence",
            customers=words.count(offered["reached"]),
            lists=words.count(offered["lists"]),
        )
        if offered["reached"]
        else words("offers.none"),
        [
            _choices(marts, words),
            *_worth(marts, words),
            _all_metrics(marts, words),
            _rule_costs(marts, words),
            *([] if marts.anonymous else [_examples(marts, words)]),
        ],
    )


def makers(marts: Marts) -> dict[str, str]:
    """Return which model makes each list."""
    return {row.list_name: row.model for row in rows(marts("recommendation_choices"))}


def _past(marts: Marts) -> pd.DataFrame:
    """Return by how much past lists were right, of each list and model, the best first."""
    return marts(
        "recommendation_metrics",
        where=f"metric = '{METRIC}' and k = {K} and fold = 0 and segment = 'all' and part = 'all'",
        order="list_name, value desc, model",
    )


@traced
def _worth(marts: Marts, words: Words) -> list[Figure]:
    """Compare the models of each list that was judged; say so where none was."""
    judged = set(_past(marts)["list_name"])
    figures = [_list_worth(marts, name, words) for name in list_names() if name in judged]
    return figures or [Figure("worth", words("offers.judging"), words("offers.not_judged"))]


@traced
def _choices(marts: Marts, words: Words) -> Figure:
    title = words("offers.choices")
    found = {row.list_name: row for row in rows(marts("recommendation_choices"))}
    offered = set(marts("recommendations", "distinct list_name")["list_name"])
    chosen = [found[name] for name in list_names() if name in found and name in offered]
    if not chosen:
        return Figure("choices", title, words("offers.none"))
    single = [row for row in chosen if row.model != HYBRID]
    return Figure(
        "choices",
        title,
        words("offers.choices_sentence", lists=words.count(len(chosen)), single=words.count(len(single))),
        Table(
            [
                words("offers.list"),
                words("offers.made_by"),
                f"nDCG@{K}",
                words("offers.best_other"),
                words("customers"),
                words("offers.judged_until"),
            ],
            [
                [
                    words.term("list_name", row.list_name),
                    words.term("model", row.model),
                    *_judged(row, words),
                ]
                for row in chosen
            ],
            numeric=(2, 4),
        ),
        wide=True,
        note=words("offers.choices_note"),
    )


def _judged(row: Any, words: Words) -> list[str]:
    """Write what a choice rests on: value, best of the others, customers and day; empty where not judged."""
    if pd.isna(row.ndcg):
        return [words("offers.not_yet"), "", "", ""]
    beside = ""
    if not pd.isna(row.runner_up):
        beside = f"{words.term('model', row.runner_up)} ({words.decimal(row.runner_up_ndcg, 3)})"
    return [words.decimal(row.ndcg, 3), beside, words.count(row.customers), words.day(row.judged_until)]


def _list_worth(marts: Marts, name: str, words: Words) -> Figure:
    metrics = _past(marts)
    metrics = metrics[metrics["list_name"] == name]
    made_by = makers(marts).get(name, HYBRID)
    ours = metrics[metrics["model"] == made_by]
    rivals = metrics[metrics["model"] != made_by]
    title = f"{words.term('list_name', name)}: {words('offers.worth')}"
    if ours.empty or rivals.empty:
        sentence = words("offers.one_model")
    else:
        maker = ours.iloc[0]
        if made_by == HYBRID:
            rival = rivals.iloc[0]
            verdict = "better" if rival["hybrid_lead_low"] > 0 else "level"
        else:
            rival, verdict = rivals[rivals["model"] == HYBRID].iloc[0], "instead"
        sentence = words(
            f"offers.{verdict}",
            model=words.term("model", made_by),
            value=words.decimal(maker["value"], 3),
            low=words.decimal(maker["ci_low"], 3),
            high=words.decimal(maker["ci_high"], 3),
            rival=words.term("model", rival["model"]),
            rival_value=words.decimal(rival["value"], 3),
            customers=words.count(maker["customers"]),
        )
    frame = metrics.assign(label=metrics["model"].map(lambda model: words.term("model", model)))
    return Figure(
        f"worth_{name}",
        title,
        sentence,
        Drawing(
            charts.intervals(
                frame[["label", "model", "value", "ci_low", "ci_high", "customers"]],
                f"nDCG@{K}",
                made_by,
                words,
            )
        ),
        note=words("offers.worth_note", k=K),
    )


@traced
def _all_metrics(marts: Marts, words: Words) -> Figure:
    title = words("offers.all_metrics", k=K)
    metrics = marts(
        "recommendation_metrics",
        where=f"k = {K} and fold = 0 and segment = 'all' and part = 'all'",
    )
    chosen = makers(marts)
    made_by = metrics["list_name"].map(lambda name: chosen.get(name, HYBRID))
    metrics = metrics[metrics["model"] == made_by]
    judged = [name for name in list_names() if name in set(metrics["list_name"])]
    if not judged:
        return Figure("metrics", title, words("offers.not_judged"))
    found = {(row.metric, row.list_name): row for row in rows(metrics)}
    hits = metrics[metrics["metric"] == "hit_rate"]
    best = highest(hits, hits["value"])
    return Figure(
        "metrics",
        title,
        words(
            "offers.all_metrics_sentence",
            share=words.percent(best["value"]),
            k=K,
            list=words.term("list_name", best["list_name"]),
        ),
        Table(
            [words("offers.metric"), *(words.term("list_name", name) for name in judged)],
            [
                [
                    words.term("metric", metric),
                    *(_with_interval(found.get((metric, name)), words) for name in judged),
                ]
                for metric in METRICS
            ],
            numeric=range(1, len(judged) + 1),
        ),
        wide=True,
        note=words("offers.judged_note"),
    )


def _with_interval(row: Any, words: Words) -> str:
    """Write a value with its interval, where it has one."""
    if row is None or pd.isna(row.value):
        return ""
    if pd.isna(row.ci_low):
        return words.decimal(row.value, 3)
    return words(
        "offers.interval",
        value=words.decimal(row.value, 3),
        low=words.decimal(row.ci_low, 3),
        high=words.decimal(row.ci_high, 3),
    )


@traced
def _rule_costs(marts: Marts, words: Words) -> Figure:
    costs = marts(
        "recommendation_rule_costs", where=f"metric = '{METRIC}' and k = {K}", order="list_name, change, rule"
    )
    if costs.empty:
        return Figure("rules", words("offers.rule_costs"), words("offers.no_rules"))
    costs = costs.assign(
        label=[
            f"{words.term('list_name', row.list_name)}: {_rule_label(row.rule, words)}" for row in rows(costs)
        ]
    )
    single = costs[costs["rule"] != "all rules"]
    single = costs if single.empty else single
    dearest = single.sort_values("change", kind="stable").iloc[0]
    certain = single[single["change_high"] < 0]
    columns = ["label", "value_without", "value_with", "change", "change_low", "change_high"]
    return Figure(
        "rules",
        words("offers.rule_costs"),
        words(
            "offers.rule_costs_sentence" if len(certain) else "offers.rule_costs_none",
            rules=words.count(len(single)),
            certain=words.count(len(certain)),
            rule=dearest["label"],
            change=words.decimal(dearest["change"], 3),
        ),
        Drawing(charts.rule_costs(costs[columns], words("offers.change", k=K), words)),
        wide=True,
        note=words("offers.rule_costs_note"),
    )


def _rule_label(rule: str, words: Words) -> str:
    """Word a rule such as ``leave_out_bought_within_days: 7``."""
    kind, _, value = rule.partition(": ")
    worded = words.term("rule", kind)
    return rule if worded == kind else worded.format(value=value)


def example_customers(marts: Marts) -> list[str]:
    """Choose customers to show: of different segments, those with most lists and then most revenue."""
    lists = marts("recommendations", "distinct list_name, customer_id").groupby("customer_id").size()
    customers = marts("customer_360", "customer_id, rfm_segment, revenue").set_index("customer_id")
    customers = customers.assign(lists=lists).dropna(subset=["lists"]).reset_index()
    order = ["lists", "revenue", "customer_id"]
    ranked = customers.sort_values(order, ascending=[False, False, True])
    return ranked.drop_duplicates("rfm_segment")["customer_id"].head(EXAMPLES).tolist()


@traced
def _examples(marts: Marts, words: Words) -> Figure:
    title = words("offers.examples")
    chosen = example_customers(marts)
    if not chosen:
        return Figure("examples", title, words("offers.none"))
    offers = marts(
        "recommendations",
        f"customer_id, list_name, item_name, {REASONS[words.language]} as reason",
        where="rank = 1",
        order="customer_id, list_name",
        customers=chosen,
    )
    customers = {row.customer_id: row for row in rows(marts("customer_360", customers=chosen))}
    cards = [
        Card(
            words("lookup.customer", id=customer),
            [
                (words("segment"), words.name(customers[customer].rfm_segment)),
                (words("revenue"), words.money(customers[customer].revenue)),
            ],
            items=[
                (words.term("list_name", row.list_name), row.item_name, row.reason)
                for row in rows(offers[offers["customer_id"] == customer])
            ],
        )
        for customer in chosen
    ]
    return Figure(
        "examples",
        title,
        words("offers.examples_sentence", customers=words.count(len(cards))),
        Cards(cards),
        wide=True,
        note=words("offers.examples_note"),
    )
