"""The stacked hybrid: candidates of several models, ranked by gradient-boosted trees and a linear model.

At a moment every component names candidates; features say what the components think of each, and what is
known of the customer, the item and the two together. The trees learn from earlier moments, whose following
window is known by now, which candidates were bought. Nothing of a window that a ranker is judged on is seen
by it: its own moment's components and its training windows all end before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from palette.recommendations.history import Codes, History, Purchases, Vector
from palette.recommendations.models import GoesWith, Model, RecentPopularity, Scores, baselines, components

Features = NDArray[np.float32]

NAME = "hybrid"
FUSION = "rank_fusion"
CELLS = 4_000_000  # customers x items scored at a time: bounds the memory
CANDIDATES = 40  # a component names this many things that the customer has not bought
ANYTHING = 15  # and this many, bought or not
OWN = 60  # and of what the customer bought this many, the latest and most frequent first
PERSONAL = ("item_cosine", "bm25", "goes_with", "als", "ease")

# Fitted whatever is asked for: the one knows something for everybody, customers without purchases and items
# of yesterday included, and the other makes the list `push`.
ALWAYS = (RecentPopularity.name, GoesWith.name)

WINDOWS = 3  # earlier windows that a ranker learns from
CUSTOMERS = 2_500  # at most, of a window
EXAMPLES = 120_000  # candidates at most, all that were bought among them
FORESTS = 2  # whose mean is taken: what one makes of the draw from what was not bought evens out
SCARCE = 3_000  # purchases to learn from at which trees and linear model count the same
FEWEST = 50  # purchases among the candidates: with fewer there is nothing to learn


@dataclass(frozen=True)
class Moment:
    """A history and the models fitted on it."""

    history: History
    models: dict[str, Model]

    @property
    def components(self) -> list[str]:
        """Names of the models whose scores the hybrid weighs."""
        return [model.name for model in components(self.history.shape[1]) if model.name in self.models]


@dataclass(frozen=True)
class Candidates:
    """Candidates of some customers: a row each, by customer and item.

    ``scores`` are the models' for each of the customers, customers x items, and ``place`` says which of those
    rows a candidate's is.
    """

    customers: Codes
    scores: dict[str, Scores]
    place: Codes
    item: Codes

    @property
    def customer(self) -> Codes:
        """Code of each candidate's customer."""
        found: Codes = self.customers[self.place]
        return found


@dataclass(frozen=True)
class Examples:
    """Candidates of a past moment with what became of them."""

    customer: Codes
    item: Codes
    features: Features
    bought: NDArray[np.bool_]


def fit_moment(
    purchases: Purchases, days_back: int, *, seed: int, models: Sequence[str], judged: bool = False
) -> Moment:
    """Fit the models on what was known at a moment.

    Parameters
    ----------
    purchases
        All of the retailer's.
    days_back
        How many days before the last purchase.
    seed
        Seed of the factorisation and of the groups.
    models
        Names of the models to fit; others are left out, but for ``ALWAYS``.
    judged
        Whether the baselines are needed as well as the components: to be judged, or to make a list.
    """
    history = History(purchases, days_back, seed)
    wanted = [*components(history.shape[1]), *(baselines() if judged else [])]
    chosen = [model for model in wanted if model.name in models or model.name in ALWAYS]
    return Moment(history, {model.name: model.fit(history) for model in chosen})


def batches(customers: Codes, items: int) -> Iterator[Codes]:
    """Cut customers into batches of which all scores fit into memory."""
    size = max(16, CELLS // max(items, 1))
    for start in range(0, max(len(customers), 1), size):  # of no customers one empty batch
        yield customers[start : start + size]


def candidates(moment: Moment, customers: Codes) -> Candidates:
    """Name the candidates of some customers.

    Parameters
    ----------
    moment
        Whose components name them.
    customers
        Codes, few enough to hold all their scores (:func:`batches`).
    """
    history = moment.history
    scores = {name: model.score(history, customers) for name, model in moment.models.items()}
    owned = history.bought[customers].toarray() > 0
    sold = history.buyers > 0
    chosen = np.zeros_like(owned)
    for name in moment.components:
        _choose(chosen, np.where(owned | ~sold, -np.inf, scores[name]), CANDIDATES)
        _choose(chosen, np.where(sold, scores[name], -np.inf), ANYTHING)
        if history.online.any() and not history.online.all():
            _choose(chosen, np.where(owned | ~history.online, -np.inf, scores[name]), ANYTHING)
    own = history.recent[customers].toarray()
    _choose(chosen, np.where(owned, own, -np.inf), OWN)
    place, item = np.nonzero(chosen)
    return Candidates(customers, scores, place, item)


def features(moment: Moment, chosen: Candidates) -> Features:
    """Describe candidates to the ranker.

    Returns
    -------
    numpy.ndarray
        Candidates x features, NaN where something is not known: days since a purchase that never
        was, or the interval of an item that nobody bought twice.
    """
    history, place, item, customer = moment.history, chosen.place, chosen.item, chosen.customer
    columns: dict[str, NDArray[np.floating]] = {}
    for name in moment.components:
        scores = chosen.scores[name]
        columns[name] = scores[place, item]
        if name in PERSONAL:
            tenth = np.partition(scores, -min(10, scores.shape[1]), axis=1)[:, -min(10, scores.shape[1])]
            columns[f"{name}_relative"] = columns[name] / (np.abs(tenth[place]) + 1e-9)
    columns |= {name: values[item] for name, values in _of_items(history).items()}
    columns |= {name: values[customer] for name, values in _of_customers(history).items()}
    columns |= _of_pairs(history, customer, item)
    stacked = np.column_stack(list(columns.values())).astype(np.float32)
    stacked[~np.isfinite(stacked)] = np.nan
    return stacked


def examples(moment: Moment, customers: Codes, days: int) -> Iterator[tuple[Candidates, Examples]]:
    """Describe candidates of a past moment, with whether they were bought in the following days.

    Parameters
    ----------
    moment
        Lies at least ``days`` back.
    customers
        Codes.
    days
        Length of the window.
    """
    truth = moment.history.window(days)
    for batch in batches(customers, moment.history.shape[1]):
        chosen = candidates(moment, batch)
        bought = truth[batch].toarray()[chosen.place, chosen.item] > 0
        yield chosen, Examples(chosen.customer, chosen.item, features(moment, chosen), bought)


def active(history: History, days: int, *, seed: int) -> Codes:
    """Return the customers who bought before the moment and buy in the days after it: a draw of many."""
    later = np.asarray(history.window(days).sum(axis=1)).ravel() > 0
    found = np.flatnonzero(later & (history.customer_orders > 0))
    if len(found) > CUSTOMERS:
        found = np.sort(np.random.default_rng(seed).choice(found, CUSTOMERS, replace=False))
    return found


def joined(parts: Sequence[Examples]) -> Examples:
    """Put batches of examples together."""
    return Examples(
        np.concatenate([part.customer for part in parts]),
        np.concatenate([part.item for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.bought for part in parts]),
    )


@dataclass(frozen=True)
class Ranker:
    """Gradient-boosted trees over the features of a candidate, held by a linear model while data is scarce.

    Attributes
    ----------
    forests
        Empty where there was too little to learn from: then candidates are ranked by reciprocal rank fusion.
    linear
        Logistic regression on the features' logarithms.
    trust
        Weight of the forests in the log-odds, 0 to 1; the linear model has the rest.
    kept
        Which features vary at all.
    rate
        Share of the candidates not bought that were learned from.
    """

    forests: tuple[HistGradientBoostingClassifier, ...]
    linear: Pipeline | None
    trust: float
    kept: NDArray[np.bool_]
    rate: float

    def score(self, described: Features) -> Vector:
        """Return the probability that each candidate is bought within the window by a customer who buys.

        The weighted log-odds of the models, with the odds brought back to those before the draw from what
        was not bought.
        """
        if not self.forests or self.linear is None:
            raise ValueError("nothing was learned: rank by fused()")
        parts = []
        for part in np.array_split(described[:, self.kept], len(described) // EXAMPLES + 1):
            if not len(part):
                continue
            grown = np.mean([forest.decision_function(part) for forest in self.forests], axis=0)
            parts.append(self.trust * grown + (1 - self.trust) * self.linear.decision_function(part))
        odds = np.concatenate(parts) if parts else np.zeros(0)
        return np.asarray(expit(odds + np.log(self.rate)), dtype=np.float64)


def fit_ranker(windows: Sequence[Examples], *, seed: int) -> Ranker:
    """Learn from earlier windows which candidates are bought.

    Parameters
    ----------
    windows
        Examples of one or more past moments.
    seed
        Seed of the trees, and of the draw from what was not bought.
    """
    positive = int(sum(window.bought.sum() for window in windows))
    if positive < FEWEST:
        return Ranker((), None, 0.0, np.zeros(0, dtype=bool), 1.0)
    everything = joined(windows)
    low, high = _range(everything.features)
    kept: NDArray[np.bool_] = high > low
    negative = len(everything.bought) - positive
    rate = min(1.0, max(EXAMPLES - positive, positive) / max(negative, 1))
    forests = []
    for forest_seed in range(seed, seed + FORESTS):
        random = np.random.default_rng(forest_seed)
        drawn = everything.bought | (random.random(len(everything.bought)) < rate)
        forest = HistGradientBoostingClassifier(
            max_iter=80,
            learning_rate=0.1,
            max_leaf_nodes=31,
            min_samples_leaf=int(np.clip(positive // 50, 10, 100)),
            max_features=0.3,
            l2_regularization=5.0,
            early_stopping=False,
            random_state=forest_seed,
        )
        described, bought = everything.features[drawn][:, kept], everything.bought[drawn]
        forests.append(forest.fit(described, bought))
    linear = make_pipeline(
        FunctionTransformer(_signed_logarithm),
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.01, solver="newton-cholesky"),
    ).fit(described, bought)
    return Ranker(tuple(forests), linear, positive / (positive + SCARCE), kept, rate)


def fused(moment: Moment, chosen: Candidates) -> Vector:
    """Rank candidates without a ranker: the sum over the components and own purchases of 1 / (60 + rank).

    Source: Cormack, Clarke and Buettcher, "Reciprocal rank fusion" (SIGIR 2009).
    """
    own = moment.history.recent[chosen.customers].toarray()
    total = np.zeros(len(chosen.place))
    for scores in [*(chosen.scores[name] for name in moment.components), own]:
        order = np.argsort(-scores, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(scores.shape[1])[None, :], axis=1)
        total += np.where(
            scores[chosen.place, chosen.item] > 0, 1 / (61 + ranks[chosen.place, chosen.item]), 0
        )
    return total


def _signed_logarithm(values: Features) -> Features:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float32)


def _choose(chosen: NDArray[np.bool_], scores: NDArray[np.floating], count: int) -> None:
    """Mark each row's ``count`` highest scores; minus infinity is never marked."""
    count = min(count, scores.shape[1])
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    rows = np.arange(len(scores))[:, None]
    chosen[rows, best] |= np.isfinite(scores[rows, best])


def _cells(matrix: csr_matrix, customer: Codes, item: Codes) -> Vector:
    if not len(customer):
        return np.zeros(0)
    return np.asarray(matrix[customer, item], dtype=np.float64).ravel()


def _range(values: Features) -> tuple[Features, Features]:
    """Return least and greatest value of each column, NaN left out; a column of NaN has no range."""
    missing = np.isnan(values)
    low = np.where(missing, np.float32(np.inf), values).min(axis=0, initial=np.inf)
    high = np.where(missing, np.float32(-np.inf), values).max(axis=0, initial=-np.inf)
    return low, high


def _of_items(history: History) -> dict[str, Vector]:
    buyers, month, week = history.buyers, history.buyers_within(28), history.buyers_within(7)
    return {
        "buyers": buyers,
        "buyers_28_days": month,
        "buyers_7_days": week,
        "weekly_trend": (week + 0.5) / (month / 4 + 0.5),
        "monthly_trend": (month + 1) / (buyers + 1),
        "buyers_a_year_ago": history.buyers_within(28, first_day=365),
        "first_sold": history.first_sold,
        "last_sold": history.last_sold,
        "price": history.price,
        "repeat_rate": history.repeat_rate,
        "usual_interval": history.usual_interval,
    }


def _of_customers(history: History) -> dict[str, Vector]:
    orders = history.customer_orders
    items = np.asarray(history.bought.sum(axis=1), dtype=np.float64).ravel()
    recency, frequency, monetary = history.scores.astype(np.float64).T
    with np.errstate(invalid="ignore"):
        interval = (history.first_age - history.last_age) / np.maximum(orders - 1, 0.5)
    return {
        "orders": orders,
        "items": items,
        "items_per_order": history.customer_lines / np.maximum(orders, 1),
        "since_order": history.last_age,
        "since_first_order": history.first_age,
        "order_interval": interval,
        "orders_28_days": history.orders_within(28),
        "orders_90_days": history.orders_within(90),
        "r_score": recency,
        "f_score": frequency,
        "m_score": monetary,
    }


def _of_pairs(history: History, customer: Codes, item: Codes) -> dict[str, Vector]:
    codes, _ = history.categories
    share = history.category_share[customer, codes[item]]
    usual = np.bincount(codes[history.lines["item"]], minlength=codes.max(initial=0) + 1) / len(history.lines)
    position, found = history.pairs.find(customer * history.shape[1] + item)

    def own(values: Vector) -> Vector:
        return np.where(found, values[position] if len(values) else np.nan, np.nan)

    orders, last, first = (
        own(values) for values in (history.pairs.orders, history.pairs.last_age, history.pairs.first_age)
    )
    since = np.where(found, history.orders_since(customer, np.nan_to_num(last)), np.nan)
    possible = history.orders_since(customer, np.nan_to_num(first), inclusive=True)
    return {
        "price_fit": np.log(history.price[item]) - history.log_price[customer],
        "category_share": share,
        "category_preference": share / np.maximum(usual[codes[item]], 1e-9),
        "own_orders": np.nan_to_num(orders),
        "own_recent": _cells(history.recent, customer, item),
        "since_bought": last,
        "own_interval": (first - last) / np.maximum(orders - 1, 0.5),
        "due": last / history.usual_interval[item],
        "orders_since_bought": since,
        "order_share": orders / np.maximum(possible, 1),
        "in_last_order": _cells(history.last_order, customer, item),
    }
