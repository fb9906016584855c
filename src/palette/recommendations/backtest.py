"""Proof: what the lists would have been worth in the past, against what simpler models would have been.

Rolling time folds: everything is learned from purchases up to a moment, and judged on what customers bought
in the window that follows. A split of each customer's purchases at random would let the models see the
future, and is not used.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.core.tables import empty
from palette.recommendations.history import Codes, History, Purchases, Vector, purchases_of
from palette.recommendations.hybrid import (
    NAME,
    Candidates,
    Examples,
    Moment,
    active,
    examples,
    fit_moment,
    fit_ranker,
    fused,
    joined,
)
from palette.recommendations.lists import (
    OFFERS,
    Mask,
    best_items,
    ranked,
    ruled_items,
    training_moments,
)
from palette.recommendations.metrics import KS, Bootstrap, coverage, diversity, novelty, ranking_metrics
from palette.recommendations.rules import Rule, apply_rules, read_rules, rules_for

DEPTH = max(KS)
COLUMNS = [
    (metric, k)
    for metric in ("recall", "precision", "map", "ndcg", "hit_rate", "novelty", "diversity")
    for k in KS
]
CHOSEN_BY = ("ndcg", 10)
NO_RULE = "none"
ALL_RULES = "all rules"
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


@dataclass(frozen=True)
class Judged:
    """Lists of one model at one fold, a row a customer.

    Attributes
    ----------
    customer
        Codes.
    items
        Codes of the first ``DEPTH`` items, -1 after the last.
    hits, owned
        Whether each of them was bought in the window, and before it.
    relevant, repeated
        Number of items that were bought in the window and may be on the list, and how many of them the
        customer had bought before.
    """

    customer: Codes
    items: Codes
    hits: Mask
    owned: Mask
    relevant: Codes
    repeated: Codes


@dataclass
class Fold:
    """What one moment's lists are judged on.

    ``lists`` holds the lists by list name, model and rule.
    """

    number: int
    history: History
    segments: NDArray[np.object_]
    lists: dict[tuple[str, str, str], Judged] = field(default_factory=dict)


def backtest(
    purchases: pd.DataFrame,
    items: pd.DataFrame,
    rules: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    folds: int,
    days: int,
    seed: int,
    models: Sequence[str],
) -> pd.DataFrame:
    """Judge every model and rule on every list of every retailer.

    Parameters
    ----------
    purchases, items, rules
        See :func:`palette.recommendations.lists.recommendations`.
    segments
        RFM segments: ``rfm_segment``, ``score_from``, ``score_to`` (of 100 R + 10 F + M).
    folds
        How many windows to judge on, the latest first; fewer where the purchases do not reach back far
        enough for a window of history and one to learn from before the fold.
    days
        Length of a window.
    seed
        Seed of all that is drawn.
    models
        Names of the single models that take part.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``. ``fold`` 0 = all of them together, 1 = the latest. ``difference`` is the
        hybrid's value less the model's or, with a rule, the value with it less that without; its interval is
        of the paired difference. Intervals hold 95 % of 500 resamples of the customers. ``rival`` is the
        model that is most surely better (:meth:`Bootstrap.rivals`), for ``CHOSEN_BY`` over all folds alone.
    """
    parts = [empty(SCHEMA)]
    configured = read_rules(rules)
    with threadpool_limits(1):  # several would wait for each other wherever a core is busy
        for retailer in sorted(purchases["retailer"].unique()):
            known = purchases_of(retailer, purchases, items)
            own_rules = [rule for rule in configured if rule.retailer == retailer]
            folded = _folds(known, own_rules, segments, folds=folds, days=days, seed=seed, models=models)
            for list_name in sorted({name for fold in folded for name, _, _ in fold.lists}):
                measures = measured(trials(folded, list_name), seed=seed)
                parts.append(measures.assign(retailer=retailer, list_name=list_name))
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


def _folds(
    known: Purchases,
    rules: Sequence[Rule],
    segments: pd.DataFrame,
    *,
    folds: int,
    days: int,
    seed: int,
    models: Sequence[str],
) -> list[Fold]:
    """Judge the folds, the oldest moment first: each is a window to learn from for those after it."""
    backs = [place * days for place in range(1, folds + 1)]
    judged = [back for back in backs if training_moments(known, back, days)]
    if backs and not judged:
        print(
            f"recommendation_backtest: {known.retailer}: {known.span:.0f} days of purchases are too few "
            "to learn and to judge"
        )
    needed = set(judged).union(*(training_moments(known, back, days) for back in judged))
    learned: dict[int, Examples] = {}
    made: list[Fold] = []
    for back in sorted(needed, reverse=True):
        moment = fit_moment(known, back, seed=seed, models=models, judged=back in judged)
        drawn = active(moment.history, days, seed=seed)
        if back not in judged:
            learned[back] = joined([part for _, part in examples(moment, drawn, days)])
            continue
        print(
            f"recommendation_backtest: {known.retailer}: {len(drawn):,} customers of the {days:.0f} days "
            f"after {moment.history.moment:%Y-%m-%d}"
        )
        windows = [learned[past] for past in training_moments(known, back, days)]
        ranker = fit_ranker(windows, seed=seed)
        fold = Fold(judged.index(back) + 1, moment.history, segments_of(moment.history, segments))
        truth = moment.history.window(days)
        lists: dict[tuple[str, str, str], list[Judged]] = defaultdict(list)
        parts: list[Examples] = []
        for chosen, part in examples(moment, drawn, days):
            parts.append(part)
            score = ranker.score(part.features) if ranker.forests else fused(moment, chosen)
            bought = truth[chosen.customers].toarray() > 0
            for key, trial in _lists(moment, chosen, score, bought, rules, days):
                lists[key].append(trial)
        learned[back] = joined(parts)
        fold.lists = {key: _together(batch) for key, batch in lists.items()}
        made.append(fold)
    return sorted(made, key=lambda fold: fold.number)


def _lists(
    moment: Moment, chosen: Candidates, score: Vector, bought: Mask, rules: Sequence[Rule], days: int
) -> Iterator[tuple[tuple[str, str, str], Judged]]:
    """Make and judge the lists of some customers, by every model, and by the hybrid under every rule."""
    history = moment.history
    items = ruled_items(history)
    owned = history.bought[chosen.customers].toarray() > 0
    for offer in OFFERS:
        allowed = offer.allowed(history, chosen, days)
        rows = np.flatnonzero(offer.customers(history)[chosen.customers] & (bought & allowed).any(axis=1))
        if not len(rows):
            continue
        relevant = bought[rows] & allowed[rows]

        def judged(best: Codes, rows: Codes = rows, relevant: Mask = relevant) -> Judged:
            found = best >= 0
            return Judged(
                chosen.customers[rows],
                best,
                np.take_along_axis(relevant, np.maximum(best, 0), axis=1) & found,
                np.take_along_axis(owned[rows], np.maximum(best, 0), axis=1) & found,
                relevant.sum(axis=1),
                (relevant & owned[rows]).sum(axis=1),
            )

        for name, scores in chosen.scores.items():
            best = best_items(np.where(allowed[rows], scores[rows], -np.inf), DEPTH)
            yield (offer.name, name, NO_RULE), judged(best)
        everything = ranked(offer, moment, chosen, score, days=days)
        for label, variant in _variants(rules_for(rules, history.purchases.retailer, offer.name)):
            kept = apply_rules(everything, items, variant, length=DEPTH)
            yield (offer.name, NAME, label), judged(_as_rows(kept, chosen.customers[rows]))


def _variants(rules: Sequence[Rule]) -> Iterator[tuple[str, Sequence[Rule]]]:
    """Name what to judge the hybrid under: no rule, each rule alone, and all of several together."""
    yield NO_RULE, []
    for rule in rules:
        value = f"{rule.value:g}" if isinstance(rule.value, float) else rule.value
        yield f"{rule.rule}: {value}", [rule]
    if len(rules) > 1:
        yield ALL_RULES, rules


def _as_rows(kept: pd.DataFrame, customers: Codes) -> Codes:
    """Turn a ranking, a row a customer and item, into a row a customer, -1 after the last item."""
    found = np.full((len(customers), DEPTH), -1, dtype=np.int64)
    row = pd.Index(customers).get_indexer(pd.Index(kept["customer"]))
    place = kept.groupby("customer").cumcount().to_numpy()
    found[row[row >= 0], place[row >= 0]] = kept["item"].to_numpy()[row >= 0]
    return found


def _together(parts: Sequence[Judged]) -> Judged:
    return Judged(*(np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(Judged)))


def segments_of(history: History, segments: pd.DataFrame) -> NDArray[np.object_]:
    """Return the RFM segment of each customer at the moment, ``none`` where no range holds the score."""
    score = history.scores @ np.array([100, 10, 1])
    found = np.full(len(score), "none", dtype=object)
    for name, low, high in segments[["rfm_segment", "score_from", "score_to"]].itertuples(index=False):
        found[(score >= low) & (score <= high)] = name
    return found


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
        categories, _ = fold.history.categories
        popularity = np.maximum(fold.history.buyers, 1) / max(np.isfinite(fold.history.last_age).sum(), 1)
        for (name, model, rule), made in fold.lists.items():
            if name != list_name:
                continue
            offset = np.where(made.items >= 0, fold.number * len(categories), 0)
            listed[model, rule].append(made.items + offset)
            beyond = {**novelty(made.items, popularity), **diversity(made.items, categories)}
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
        {fold.number: int((fold.history.buyers > 0).sum()) for fold in used},
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
    rivals = _rivals(tried, seed=seed)
    for segment, fold, rows in spans:
        bootstrap = Bootstrap.of(tried.customer[rows], seed=seed)
        whole = segment == EVERYONE and fold == 0
        for (model, rule, part), values in tried.values.items():
            if not whole and (part != PARTS[0] or rule != NO_RULE):
                continue
            reference = tried.values[NAME, NO_RULE, part][rows]
            difference = reference - values[rows] if rule == NO_RULE else values[rows] - reference
            measure = _averages(bootstrap, values[rows], difference)
            if whole and part == PARTS[0]:
                measure = pd.concat([measure, _coverages(bootstrap, tried, (model, rule), rows)])
            if whole and part == PARTS[0] and rule == NO_RULE:
                measure = measure.merge(rivals[rivals["model"] == model], how="left", on=["metric", "k"])
            measures.append(
                measure.assign(
                    model=model,
                    rule=rule,
                    segment=segment,
                    part=part,
                    fold=fold,
                    customers=len(np.unique(tried.customer[rows][~np.isnan(values[rows][:, 0])])),
                )
            )
    frame = pd.concat(measures, ignore_index=True)
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
            "metric": metric,
            "k": k,
            "rival": [models[place] for place in rival],
            "rival_lead": lead,
            "rival_lead_low": low,
        }
    )


def _averages(bootstrap: Bootstrap, values: Vector, difference: Vector) -> pd.DataFrame:
    low, high = bootstrap.interval(values)
    difference_low, difference_high = bootstrap.interval(difference)
    return pd.DataFrame(
        {
            "metric": [metric for metric, _ in COLUMNS],
            "k": [k for _, k in COLUMNS],
            "value": _means(values),
            "ci_low": low,
            "ci_high": high,
            "difference": _means(difference),
            "difference_low": difference_low,
            "difference_high": difference_high,
        }
    )


def _coverages(bootstrap: Bootstrap, tried: Trials, key: tuple[str, str], rows: Mask) -> pd.DataFrame:
    catalogue = sum(tried.catalogue[fold] for fold in np.unique(tried.fold[rows]))
    found = []
    for k in KS:
        low, high = bootstrap.coverage_interval(tried.items[key][rows], catalogue, k)
        found.append(("coverage", k, coverage(tried.items[key][rows], catalogue, k), low, high))
    return pd.DataFrame(found, columns=["metric", "k", "value", "ci_low", "ci_high"])


def _means(values: Vector) -> Vector:
    known = ~np.isnan(values)
    totals = np.where(known, values, 0).sum(axis=0)
    means: Vector = np.divide(
        totals, known.sum(axis=0), out=np.full(values.shape[1], np.nan), where=known.any(axis=0)
    )
    return means
