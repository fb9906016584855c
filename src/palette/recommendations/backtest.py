"""Proof: what the lists would have been worth in the past, against what simpler models would have been."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.core.tables import empty
from palette.core.threads import spread
from palette.recommendations.codes import Codes, Vector
from palette.recommendations.hybrid import NAME
from palette.recommendations.learning import NO_RULE, Fold, Judged
from palette.recommendations.metrics import (
    KS,
    Bootstrap,
    coverage,
    diversity,
    ends_of,
    novelty,
    ranking_metrics,
)
from palette.recommendations.scores import Mask

COLUMNS = [
    (metric, k)
    for metric in ("recall", "precision", "map", "ndcg", "hit_rate", "novelty", "diversity")
    for k in KS
]
CHOSEN_BY = ("ndcg", 10)
EVERYONE = "all"
PARTS = ("all", "repeat", "explore")

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("list_name", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("part", pa.string(), nullable=False),
        pa.field("fold", pa.int64(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("k", pa.int64(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("ci_low", pa.float64(), nullable=False),
        pa.field("ci_high", pa.float64(), nullable=False),
        pa.field("difference", pa.float64()),
        pa.field("difference_low", pa.float64()),
        pa.field("difference_high", pa.float64()),
        pa.field("rival", pa.string()),
        pa.field("rival_lead", pa.float64()),
        pa.field("rival_lead_low", pa.float64()),
    ]
)


def backtest(folds: Mapping[str, Sequence[Fold]], *, seed: int) -> pd.DataFrame:
    """Measure every model and rule on every list of every retailer.

    Parameters
    ----------
    folds
        By retailer, see :func:`palette.recommendations.learning.learn`.
    seed
        Seed of the resamples.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``. ``fold`` 0 = all of them together, 1 = the latest. ``difference`` is the
        hybrid's value less the model's or, with a rule, the value with it less that without; its interval is
        of the paired difference. Intervals hold 95 % of 500 resamples of the customers. ``rival`` is the
        model that is most surely better (:meth:`Bootstrap.rivals`), for ``CHOSEN_BY`` over all folds alone.
    """
    asked = [
        (retailer, list_name)
        for retailer, folded in sorted(folds.items())
        for list_name in sorted({name for fold in folded for name, _, _ in fold.lists})
    ]

    def measure(one: tuple[str, str]) -> pd.DataFrame:
        retailer, list_name = one
        found = measured(trials(folds[retailer], list_name), seed=seed)
        return found.assign(retailer=retailer, list_name=list_name)

    with threadpool_limits(1, user_api="blas"):
        parts = [empty(SCHEMA), *spread(measure, asked)]
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


@dataclass(frozen=True)
class Trials:
    """One list over all folds: a row a customer and fold, the same ones for every model and rule.

    Attributes
    ----------
    customer, fold, segment
        Of each row.
    values
        By model, rule and part: rows x ``COLUMNS``, NaN where nothing of the part was bought.
    items
        By model and rule: rows x ``DEPTH``, what was listed; every fold has its own codes.
    catalogue
        By fold: the number of items on sale.
    """

    customer: Codes
    fold: Codes
    segment: NDArray[np.object_]
    values: dict[tuple[str, str, str], Vector]
    items: dict[tuple[str, str], Codes]
    catalogue: dict[int, int]


def trials(folds: Sequence[Fold], list_name: str) -> Trials:
    """Put the folds of a list together, and measure every row."""
    used = [fold for fold in folds if (list_name, NAME, NO_RULE) in fold.lists]
    of_hybrid = [fold.lists[list_name, NAME, NO_RULE] for fold in used]
    values: dict[tuple[str, str, str], list[Vector]] = defaultdict(list)
    listed: dict[tuple[str, str], list[Codes]] = defaultdict(list)
    for fold in used:
        for (name, model, rule), made in fold.lists.items():
            if name != list_name:
                continue
            offset = np.where(made.items >= 0, fold.number * len(fold.categories), 0)
            listed[model, rule].append(made.items + offset)
            beyond = {**novelty(made.items, fold.popularity), **diversity(made.items, fold.categories)}
            for part in PARTS if list_name == "next" else PARTS[:1]:
                values[model, rule, part].append(_measured(made, part, beyond))
    return Trials(
        np.concatenate([made.customer for made in of_hybrid]),
        np.concatenate(
            [np.full(len(fold.lists[list_name, NAME, NO_RULE].customer), fold.number) for fold in used]
        ),
        np.concatenate([fold.segments[made.customer] for fold, made in zip(used, of_hybrid, strict=True)]),
        {key: np.concatenate(found) for key, found in values.items()},
        {key: np.concatenate(found) for key, found in listed.items()},
        {fold.number: fold.catalogue for fold in used},
    )


def _measured(made: Judged, part: str, beyond: dict[tuple[str, int], Vector]) -> Vector:
    """Return rows x ``COLUMNS``, NaN for customers who bought nothing of the part."""
    of_part = {"all": np.ones_like(made.owned), "repeat": made.owned, "explore": ~made.owned}[part]
    relevant = {"all": made.relevant, "repeat": made.repeated, "explore": made.relevant - made.repeated}[part]
    rows = relevant > 0
    found = {**ranking_metrics((made.hits & of_part)[rows], relevant[rows]), **beyond}
    values = np.full((len(rows), len(COLUMNS)), np.nan)
    for place, column in enumerate(COLUMNS):
        values[rows, place] = found[column] if column not in beyond else found[column][rows]
    return values


def measured(tried: Trials, *, seed: int) -> pd.DataFrame:
    """Average a list's trials: columns of ``SCHEMA`` but ``retailer`` and ``list_name``.

    Every model in all, by segment, by fold and, where there are parts, by part; the rules in all only.
    """
    every = np.ones(len(tried.customer), dtype=bool)
    spans = [(EVERYONE, 0, every)]
    spans += [(str(name), 0, tried.segment == name) for name in sorted(set(tried.segment))]
    spans += [(EVERYONE, fold, tried.fold == fold) for fold in sorted(tried.catalogue)]
    measures = []
    for segment, fold, rows in spans:
        bootstrap = Bootstrap.of(tried.customer[rows], seed=seed)
        whole = segment == EVERYONE and fold == 0
        keys = [key for key in tried.values if whole or key[1:] == (NO_RULE, PARTS[0])]
        found = _averages(bootstrap, tried, keys, rows)
        if whole:
            found = pd.concat([found, _coverages(bootstrap, tried, found)])
        measures.append(found.assign(segment=segment, fold=fold))
    frame = pd.concat(measures, ignore_index=True)
    chosen_by = ["model", "rule", "segment", "part", "fold", "metric", "k"]
    frame = frame.merge(_rivals(tried, seed=seed), how="left", on=chosen_by)
    own = (frame["model"] == NAME) & (frame["rule"] == NO_RULE)
    frame.loc[own, ["difference", "difference_low", "difference_high"]] = np.nan
    numbers = [field.name for field in SCHEMA if field.type == pa.float64()]
    frame[numbers] = frame[numbers].round(9)
    return frame[frame["value"].notna()]


def _rivals(tried: Trials, *, seed: int) -> pd.DataFrame:
    """Find who is most surely better than each model: ``rival``, ``rival_lead``, ``rival_lead_low``."""
    models = [model for model, rule, part in tried.values if (rule, part) == (NO_RULE, PARTS[0])]
    column = COLUMNS.index(CHOSEN_BY)
    values = np.column_stack([tried.values[model, NO_RULE, PARTS[0]][:, column] for model in models])
    rival, lead, low = Bootstrap.of(tried.customer, seed=seed).rivals(values)
    metric, k = CHOSEN_BY
    return pd.DataFrame(
        {
            "model": models,
            "rule": NO_RULE,
            "segment": EVERYONE,
            "part": PARTS[0],
            "fold": 0,
            "metric": metric,
            "k": k,
            "rival": [models[place] for place in rival],
            "rival_lead": lead,
            "rival_lead_low": low,
        }
    )


def _averages(
    bootstrap: Bootstrap, tried: Trials, keys: Sequence[tuple[str, str, str]], rows: Mask
) -> pd.DataFrame:
    """Average some rows of models, rules and parts: a row each of them and ``COLUMNS``."""
    values = np.concatenate([tried.values[key][rows] for key in keys], axis=1)
    own = [keys.index((NAME, NO_RULE, part)) for _, _, part in keys]
    compared = (np.array(own)[:, None] * len(COLUMNS) + np.arange(len(COLUMNS))).ravel()
    model, rule, part = (
        np.repeat(np.array(names, dtype=object), len(COLUMNS)) for names in zip(*keys, strict=True)
    )
    sign = np.where(rule == NO_RULE, 1, -1)
    difference = sign * (values[:, compared] - values)
    means = bootstrap.means(values)
    difference_means = sign * (means[:, compared] - means)
    is_known = ~np.isnan(values)
    apart = (is_known[:, compared] != is_known).any(axis=0)  # of some rows one of both alone has a value
    difference_means[:, apart] = bootstrap.means(difference[:, apart])
    low, high = ends_of(means)
    difference_low, difference_high = ends_of(difference_means)
    return pd.DataFrame(
        {
            "model": model,
            "rule": rule,
            "part": part,
            "metric": [metric for metric, _ in COLUMNS] * len(keys),
            "k": [k for _, k in COLUMNS] * len(keys),
            "customers": bootstrap.customers(is_known[:, :: len(COLUMNS)]).repeat(len(COLUMNS)),
            "value": _means(values),
            "ci_low": low,
            "ci_high": high,
            "difference": _means(difference),
            "difference_low": difference_low,
            "difference_high": difference_high,
        }
    )


def _coverages(bootstrap: Bootstrap, tried: Trials, averages: pd.DataFrame) -> pd.DataFrame:
    """Measure the coverage of all rows: a row a model, rule and k, of the customers of the averages."""
    catalogue = sum(tried.catalogue.values())
    of_all = averages[averages["part"] == PARTS[0]].drop_duplicates(["model", "rule"])
    found = []
    for model, rule, customers in of_all[["model", "rule", "customers"]].itertuples(index=False):
        listed = tried.items[model, rule]
        for k in KS:
            low, high = bootstrap.coverage_interval(listed, catalogue, k)
            value = coverage(listed, catalogue, k)
            found.append((model, rule, PARTS[0], "coverage", k, customers, value, low, high))
    return pd.DataFrame(found, columns=list(averages.columns[: len(found[0])]))


def _means(values: Vector) -> Vector:
    known = ~np.isnan(values)
    totals = np.where(known, values, 0).sum(axis=0)
    means: Vector = np.divide(
        totals, known.sum(axis=0), out=np.full(values.shape[1], np.nan), where=known.any(axis=0)
    )
    return means
