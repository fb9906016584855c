"""The stacked hybrid: candidates of several models, ranked by gradient-boosted trees and a linear model.

At a moment every component names candidates; features say what the components think of each, and what is
known of the customer, the item and the two together. The trees learn from earlier moments, whose following
window is known by now, which candidates were bought. Nothing of a window that a ranker is judged on is seen
by it: its own moment's components and its training windows all end before.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from palette.core.catalogue import always_fitted
from palette.core.threads import spread
from palette.recommendations.codes import Codes, Vector, drawn, ratio
from palette.recommendations.history import History
from palette.recommendations.models import POPULAR, GroupPopularity, Model, baselines, components
from palette.recommendations.offers import OFFERS, ask_of_all, meant_for
from palette.recommendations.purchases import Purchases
from palette.recommendations.scores import Cells, Mask, Scores, best_allowed, by_score, places, ranks_in

Features = NDArray[np.float32]

NAME = "hybrid"
FUSION = "rank_fusion"
CELLS = 1_000_000  # customers x items at a time, a bit or a score each: bounds the memory
OWN = 60  # of what the customer bought this many are candidates, the latest and most frequent first
FUSED = 500  # places of a component that rank fusion looks at
WINDOWS, SPARED_WINDOWS = 5, 3  # earlier ones that today's ranker learns from, and one of a past moment
CUSTOMERS = 800  # at most, of a window that is learned from
JUDGED = 2_500  # at most, of a window that is judged as well
EXAMPLES = 20_000  # candidates at most of a window, all that were bought among them
FORESTS = 2  # whose log-odds are averaged: chance in one is evened out by the other
ROUNDS = 120  # trees of a forest
SPARED = 50_000  # candidates that the one forest of a past moment learns from, unless purchases are scarce
SEEN = 50  # candidates of a customer that the trees are asked about
SCARCE = 3_000  # purchases to learn from at which trees and linear model count the same
FEWEST = 50  # purchases among the candidates: with fewer there is nothing to learn


@dataclass(frozen=True)
class Moment:
    """A history and the models fitted on it, or on another one."""

    history: History
    models: dict[str, Model]

    def part(self, customers: Codes, days: int) -> Self:
        """Return the moment of some customers, for lists that look so many days ahead (see `Known.part`)."""
        ask_of_all(self.history, days)
        for model in self.models.values():
            if isinstance(model, GroupPopularity):
                model.groups(self.history)
        part = type(self)(self.history.part(customers), self.models)
        vars(part)["item_features"] = self.item_features
        return part

    @property
    def components(self) -> list[str]:
        """Names of the models whose scores the hybrid weighs."""
        return [model.name for model in components() if model.name in self.models]

    @cached_property
    def item_features(self) -> Features:
        """What is known of items, items x features."""
        return _columns(_of_items(self.history))

    @cached_property
    def customer_features(self) -> Features:
        """What is known of customers, customers x features."""
        return _columns(_of_customers(self.history))

    def learned(self) -> dict[str, Any]:
        """Return what the models learned, see :mod:`palette.core.learned`."""
        return {name: model.state for name, model in self.models.items()}

    @classmethod
    def of(cls, history: History, learned: Mapping[str, Any]) -> Self:
        """Score the customers of a history by what was learned, without fitting."""
        models = {model.name: model for model in (*components(), *baselines()) if model.name in learned}
        for name, model in models.items():
            model.state = learned[name]
        return cls(history, models)


@dataclass(frozen=True)
class Candidates:
    """Candidates of some customers: a row each, by customer and item.

    ``scores`` are the models' for each of the customers, and ``place`` says which of those a candidate's is.
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
    """Candidates of a past moment with what became of them.

    ``rate`` is the share of those not bought that are among them.
    """

    customer: Codes
    item: Codes
    features: Features
    bought: Mask
    rate: float = 1.0

    def of(self, customers: Codes) -> "Examples":
        """Keep those of some customers."""
        return self._kept(np.isin(self.customer, customers), self.rate)

    def thinned(self, *, seed: int) -> "Examples":
        """Draw ``EXAMPLES`` of them, but all that were bought and as many that were not."""
        bought = int(self.bought.sum())
        others = len(self.bought) - bought
        return self.at_rate(min(1.0, max(EXAMPLES - bought, bought) / max(others, 1)), seed=seed)

    def at_rate(self, rate: float, *, seed: int) -> "Examples":
        """Draw from what was not bought until its share is the rate, which is at most what it is."""
        if rate >= self.rate:
            return self
        drawn = self.bought | (np.random.default_rng(seed).random(len(self.bought)) < rate / self.rate)
        return self._kept(drawn, rate)

    def _kept(self, rows: Mask, rate: float) -> "Examples":
        if rows.all() and rate == self.rate:
            return self
        return Examples(self.customer[rows], self.item[rows], self.features[rows], self.bought[rows], rate)


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
        Names of the models to fit; others are left out, but for those that are always fitted.
    judged
        Whether the baselines are needed as well as the components: to be judged, or to make a list.
    """
    history = History(purchases, days_back, seed)
    wanted = [*components(), *(baselines() if judged else [])]
    chosen = [model for model in wanted if model.name in {*models, *always_fitted()}]
    return Moment(history, {model.name: model for model in spread(lambda model: model.fit(history), chosen)})


def batches(customers: Codes, items: int) -> Iterator[Codes]:
    """Cut customers into batches that have few enough cells, customers x items."""
    size = max(16, CELLS // max(items, 1))
    yield from np.array_split(customers, max(1, -(-len(customers) // size)))  # of none one empty batch


def candidates(moment: Moment, customers: Codes, days: int) -> Candidates:
    """Name the candidates of some customers: every component's best for each list, and own things.

    Parameters
    ----------
    moment
        Whose components name them.
    customers
        Codes, few enough for a cell an item (:func:`batches`).
    days
        Length of the window that the lists look ahead.
    """
    history = moment.history
    scores = {name: model.score(history, customers) for name, model in moment.models.items()}
    chosen = np.zeros((len(customers), history.shape[1]), dtype=bool)
    for offer in OFFERS:
        if not (offer.named or offer.as_sets) or not len(
            rows := np.flatnonzero(meant_for(history, offer)[customers])
        ):
            continue
        allowed = offer.items(history, customers[rows], days)
        if offer.as_sets:  # of few items
            chosen[rows] |= allowed
            continue
        for name in moment.components:
            _mark(chosen, rows, best_allowed(scores[name], allowed, offer.named, rows)[0])
    _mark(chosen, np.arange(len(customers)), _latest(history.recent[customers], OWN))
    place, item = places(chosen)
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
        columns[name] = scores.at(place, item)
        if name not in POPULAR:
            best, tenth = scores.leading(10)[0], np.zeros(len(chosen.customers), dtype=np.float32)
            row = np.flatnonzero((best[:, 9:] >= 0).any(axis=1))
            if len(row):  # taken anew: the product of many differs in the last bit from that of one
                tenth[row] = scores.at(row, best[row, 9])
            columns[f"{name}_relative"] = columns[name] / (tenth[place] + np.float32(1e-9))
    columns |= _of_pairs(history, customer, item)
    own = _columns(columns)
    stacked = np.concatenate([own, moment.item_features[item], moment.customer_features[customer]], axis=1)
    stacked[~np.isfinite(stacked)] = np.nan
    return stacked


def examples(moment: Moment, customers: Codes, days: int) -> tuple[Candidates, Examples]:
    """Describe candidates of a past moment, with whether they were bought in the following days.

    Parameters
    ----------
    moment
        Lies at least ``days`` back.
    customers
        Codes, few enough for a cell an item (:func:`batches`).
    days
        Length of the window.
    """
    chosen = candidates(moment, customers, days)
    bought = moment.history.window(days)[customers].toarray()[chosen.place, chosen.item] > 0
    customer = moment.history.purchases.code_of(chosen.customer)
    return chosen, Examples(customer, chosen.item, features(moment, chosen), bought)


def active(history: History, days: int, *, seed: int) -> Codes:
    """Return the customers who bought before the moment and buy in the days after it: a draw of many."""
    later = np.asarray(history.window(days).sum(axis=1)).ravel() > 0
    return drawn(np.flatnonzero(later & (history.customer_orders > 0)), JUDGED, seed)


def joined(parts: Sequence[Examples]) -> Examples:
    """Put batches of examples of one rate together."""
    return Examples(
        np.concatenate([part.customer for part in parts]),
        np.concatenate([part.item for part in parts]),
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.bought for part in parts]),
        parts[0].rate,
    )


@dataclass(frozen=True)
class Linear:
    """A logistic regression on standardised logarithms; what is not known counts as the mean."""

    means: Cells
    scales: Cells
    weights: Cells
    intercept: float

    @classmethod
    def fit(cls, described: Features, bought: Mask) -> Self:
        """Learn which candidates are bought."""
        values = _signed_logarithm(described)
        known = np.isfinite(values)
        counts = np.maximum(known.sum(axis=0), 1)
        means = (np.where(known, values, 0).sum(axis=0, dtype=np.float64) / counts).astype(np.float32)
        centred = np.where(known, values - means, np.float32(0))
        scales = np.sqrt(np.square(centred, dtype=np.float64).mean(axis=0)).astype(np.float32)
        scales[scales == 0] = 1
        fitted = LogisticRegression(C=0.01, solver="newton-cholesky").fit(centred / scales, bought)
        return cls(means, scales, fitted.coef_[0].astype(np.float32), float(fitted.intercept_[0]))

    def log_odds(self, described: Features) -> Vector:
        """Return the log-odds of each candidate."""
        standardised = (_signed_logarithm(described) - self.means) / self.scales
        return np.asarray(np.nan_to_num(standardised) @ self.weights + self.intercept, dtype=np.float64)


@dataclass(frozen=True)
class Ranker:
    """Gradient-boosted trees over the features of a candidate, held by a linear model while data is scarce.

    Attributes
    ----------
    forests
        Gradient-boosted trees, whose log-odds are averaged.
    linear
        Logistic regression.
    trust
        Weight of the trees in the log-odds, 0 to 1; the linear model has the rest.
    rate
        Share of the candidates not bought that were learned from.
    """

    forests: tuple[lightgbm.Booster, ...]
    linear: Linear
    trust: float
    rate: float

    def score(self, described: Features, customer: Codes) -> Vector:
        """Return the probability that each candidate is bought within the window by a customer who buys.

        The weighted log-odds of the models, of the forests the mean, with the odds brought back to those
        before the draw from what was not bought. The trees see of each customer the ``SEEN`` candidates that
        the linear model finds best; of the others it has the word alone.

        Parameters
        ----------
        described
            Candidates x features.
        customer
            Of each candidate; those of a customer are together.
        """
        if not len(described):
            return np.zeros(0)
        odds = self.linear.log_odds(described)
        order = np.lexsort((-odds, customer))
        seen = order[ranks_in(customer[order]) < SEEN]
        shown = described[seen]
        grown = [forest.predict(shown, raw_score=True, num_threads=1) for forest in self.forests]
        odds[seen] += self.trust * (np.mean(grown, axis=0) - odds[seen])
        return np.asarray(expit(odds + np.log(self.rate)), dtype=np.float64)

    def learned(self) -> dict[str, Any]:
        """Return what was learned, see :mod:`palette.core.learned`."""
        return {
            # without the parameters: threads are among those
            "forests": [forest.model_to_string().partition("\nparameters:")[0] for forest in self.forests],
            "linear": vars(self.linear),
            "trust": self.trust,
            "rate": self.rate,
        }

    @classmethod
    def of(cls, learned: Mapping[str, Any]) -> Self | None:
        """Read what :meth:`learned` returned; None where nothing was kept, since nothing was learned."""
        if not learned:
            return None
        forests = tuple(lightgbm.Booster(model_str=forest) for forest in learned["forests"])
        return cls(forests, Linear(**learned["linear"]), learned["trust"], learned["rate"])


def fit_ranker(windows: Sequence[Examples], *, seed: int, most: int | None = None) -> Ranker | None:
    """Learn from earlier windows which candidates are bought; None where too few were.

    Parameters
    ----------
    windows
        Examples of one or more past moments.
    seed
        Seed of the trees, and of the draw from what was not bought.
    most
        About how many candidates to learn from, with one forest; by default from all, with ``FORESTS``.
    """
    bought = int(sum(window.bought.sum() for window in windows))
    if bought < FEWEST:
        return None
    rate = min(window.rate for window in windows)
    known = joined([window.at_rate(rate, seed=seed) for window in windows])
    forests = _grown(_part(known, most, seed), bought, seed, FORESTS if most is None else 1)
    return Ranker(forests, Linear.fit(known.features, known.bought), bought / (bought + SCARCE), rate)


def _part(known: Examples, most: int | None, seed: int) -> Examples:
    """Draw customers who have about so many candidates, or everybody while purchases are scarce."""
    if most is None or len(known.bought) <= most or known.bought.sum() <= SCARCE:
        return known
    customers = np.unique(known.customer)
    return known.of(drawn(customers, round(most / len(known.bought) * len(customers)), seed))


def _grown(known: Examples, bought: int, seed: int, forests: int) -> tuple[lightgbm.Booster, ...]:
    """Grow forests: trees that differ at random in where they split, so that chance evens out over them."""
    parameters = {
        "objective": "binary",
        "extra_trees": True,
        "learning_rate": 0.1,
        "num_leaves": 31,
        "min_data_in_leaf": int(np.clip(bought // 50, 10, 100)),
        "feature_fraction": 0.4,
        "lambda_l2": 5.0,
        "max_bin": 63,
        "bin_construct_sample_cnt": 50_000,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "verbose": -1,
    }
    examples = lightgbm.Dataset(known.features, known.bought.astype(np.float32), params=parameters)
    examples.construct()

    def grow(number: int) -> lightgbm.Booster:
        return lightgbm.train(parameters | {"seed": seed + number}, examples, ROUNDS)

    return tuple(spread(grow, range(forests)))


def fused(moment: Moment, chosen: Candidates) -> Vector:
    """Rank candidates without a ranker: the sum over the components and own purchases of 1 / (60 + rank).

    Source: Cormack, Clarke and Buettcher, "Reciprocal rank fusion" (SIGIR 2009).
    """
    shape = (len(chosen.customers), moment.history.shape[1])
    total = np.zeros(shape)
    rankings = [chosen.scores[name].leading(FUSED)[0] for name in moment.components]
    for items in (*rankings, _latest(moment.history.recent[chosen.customers], FUSED)):
        row, rank = places(items >= 0)
        total[row, items[row, rank]] += 1 / (61 + rank)
    return np.asarray(total[chosen.place, chosen.item])


def scores_of(
    ranker: Ranker | None, moment: Moment, chosen: Candidates, described: Features | None = None
) -> tuple[Vector, str]:
    """Score candidates, and name the model that does: the ranker or, where there is none, the fusion.

    Parameters
    ----------
    ranker
        See :func:`fit_ranker`.
    moment, chosen
        Candidates of a moment.
    described
        Their features, where they are at hand.
    """
    if ranker is None:
        return fused(moment, chosen), FUSION
    asked = features(moment, chosen) if described is None else described
    return ranker.score(asked, chosen.customer), NAME


def _mark(chosen: Mask, rows: Codes, items: Codes) -> None:
    """Mark the items of some rows; -1 is none."""
    row, at = places(items >= 0)
    chosen[rows[row], items[row, at]] = True


def _latest(recent: csr_matrix, count: int) -> Codes:
    """Return what each customer bought, the latest and most frequent first, -1 after the last."""
    bought = recent.tocoo()
    return by_score(bought.row, bought.col, bought.data, recent.shape[0], count)[0]


def _columns(columns: Mapping[str, NDArray[np.floating]]) -> Features:
    """Return rows x columns."""
    stacked = np.empty((len(next(iter(columns.values()))), len(columns)), dtype=np.float32)
    for place, values in enumerate(columns.values()):
        stacked[:, place] = values
    return stacked


def _signed_logarithm(values: Features) -> Features:
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)), dtype=np.float32)


def _cells(matrix: csr_matrix, customer: Codes, item: Codes) -> Vector:
    if not len(customer):
        return np.zeros(0)
    return np.asarray(matrix[customer, item], dtype=np.float64).ravel()


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
        "lately_rebought": history.lately_rebought,
        "usual_interval": history.usual_interval,
    }


def _of_customers(history: History) -> dict[str, Vector]:
    orders = history.customer_orders
    items = np.asarray(history.bought.sum(axis=1), dtype=np.float64).ravel()
    r_score, f_score, m_score = history.scores.astype(np.float64).T
    with np.errstate(invalid="ignore"):
        interval = (history.first_age - history.last_age) / np.maximum(orders - 1, 0.5)
    return {
        "orders": orders,
        "items": items,
        "items_per_order": history.customer_items / np.maximum(orders, 1),
        "since_order": history.last_age,
        "since_first_order": history.first_age,
        "order_interval": interval,
        "orders_28_days": history.orders_within(28),
        "orders_90_days": history.orders_within(90),
        "r_score": r_score,
        "f_score": f_score,
        "m_score": m_score,
    }


def _of_pairs(history: History, customer: Codes, item: Codes) -> dict[str, Vector]:
    codes, _ = history.categories
    share = history.category_share[customer, codes[item]]
    pairs = history.pairs
    position, found = pairs.find(customer * history.shape[1] + item)

    def own(values: Vector) -> Vector:
        return np.where(found, values[position] if len(values) else np.nan, np.nan)

    orders, amount, last, first = map(own, (pairs.orders, pairs.amount, pairs.last_age, pairs.first_age))
    since = np.where(found, history.orders_since(customer, np.nan_to_num(last)), np.nan)
    possible = history.orders_since(customer, np.nan_to_num(first), inclusive=True)
    return {
        "price_fit": np.log(history.price[item]) - history.log_price[customer],
        "category_share": share,
        "category_preference": share / np.maximum(history.usual_share[codes[item]], 1e-9),
        "own_orders": np.nan_to_num(orders),
        "amount_share": np.nan_to_num(ratio(amount, history.paid[customer])),
        "own_recent": _cells(history.recent, customer, item),
        "since_bought": last,
        "own_interval": (first - last) / np.maximum(orders - 1, 0.5),
        "due": last / history.usual_interval[item],
        "orders_since_bought": since,
        "order_share": orders / np.maximum(possible, 1),
        "in_last_order": _cells(history.last_order, customer, item),
    }
