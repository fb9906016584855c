"""Single recommenders: one protocol for all, from what everybody buys to latent factors.

Each learns from a :class:`~palette.recommendations.history.History` and scores every item for customers of a
history, which may be another one: a customer it never saw is scored by what they bought (ALS folds them in),
or, without purchases, by what everybody or their group buys.

Neighbours and factors are ``implicit``'s. EASE is the linear item-item model of Steck, "Embarrassingly
Shallow Autoencoders for Sparse Data" (WWW 2019).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, Self

import numpy as np
import pandas as pd
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight, normalize
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix

from palette.recommendations.history import Codes, History, Vector
from palette.segments.clusters import RFM_COLUMNS, k_means, standardised

Scores = NDArray[np.float32]

FRESH_DAYS = 7.0  # half-life of a purchase for the recent popularity
NEIGHBOURS = 100
FACTORS = 64
ITERATIONS = 10
REGULARISATION = 0.05
EASE_PENALTY = 300.0
EASE_ITEMS = 6_000  # a catalogue up to this size has an item-item matrix of 144 MB at most
CLUSTERS = 4
BEHAVIOURS, TASTES = 4, 3
STARTS = 3  # of k-means: these groups have no names that a worse start could change


# Models that score what a customer never bought by how many others did.
POPULAR = ("popularity", "recent_popularity", "own_then_popular", "cluster_popularity", "palette_popularity")


class Model(Protocol):
    """A recommender.

    ``name`` is its key in the marts. ``fit`` learns from a history, and ``score`` gives each item a score for
    each of the customers (codes) of a history, float32, customers x items: the higher, the more fitting.
    """

    name: str

    def fit(self, history: History) -> Self:
        """Learn from purchases."""
        ...

    def score(self, history: History, customers: Codes) -> Scores:
        """Score every item for some customers, customers x items."""
        ...


@dataclass
class Popularity:
    """The number of customers who bought an item."""

    name: str = "popularity"

    def fit(self, history: History) -> Self:
        """Count buyers."""
        self._buyers = history.buyers
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Give everybody the same scores."""
        return _everybody(self._buyers, customers)


@dataclass
class RecentPopularity:
    """The number of purchases of an item, each counting half after ``half_life`` days."""

    name: str = "recent_popularity"
    half_life: float = FRESH_DAYS

    def fit(self, history: History) -> Self:
        """Count purchases by their age."""
        weights = 0.5 ** (history.lines["age"].to_numpy() / self.half_life)
        bought = np.bincount(history.lines["item"], weights, minlength=history.shape[1])
        self._bought = bought.astype(np.float64)
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Give everybody the same scores."""
        return _everybody(self._bought, customers)


@dataclass
class OwnFrequency:
    """The number of the customer's own orders with an item, of late ones more with ``decay``."""

    name: str = "own_frequency"
    decay: bool = False

    def fit(self, history: History) -> Self:
        """Learn nothing: the customer's own purchases are all."""
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Count own orders; 0 for what the customer never bought."""
        return _dense((history.recent if self.decay else history.orders)[customers])


@dataclass
class OwnThenPopular:
    """Own frequency, then popularity: what most shops show."""

    name: str = "own_then_popular"

    def fit(self, history: History) -> Self:
        """Count buyers."""
        self._share = history.buyers / (history.buyers.max(initial=0) + 1)
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Count own orders, and let popularity decide between equals."""
        return _dense(history.orders[customers]) + _everybody(self._share, customers)


@dataclass
class GroupPopularity:
    """The share of the customer's group who bought an item.

    The groups are those of the history's own moment, since a group of today would tell the past its future:
    ``cluster`` = k-means on the logarithms of R, F and M as in System B; ``palette`` = behaviour (times,
    channel, R, F, M) x taste (super-categories) as in System A, of purchases alone.
    """

    name: str
    grouping: str

    def fit(self, history: History) -> Self:
        """Find the groups and count what they buy."""
        groups, count = groups_of(history, self.grouping)
        known = groups >= 0
        cells = (np.ones(int(known.sum()), dtype=np.float32), (groups[known], np.flatnonzero(known)))
        members = csr_matrix(cells, shape=(count, len(groups)))
        sizes = np.maximum(np.asarray(members.sum(axis=1)).ravel(), 1)
        self._shares = (members @ history.bought).toarray() / sizes[:, None]
        self._groups = groups
        self._everyone = history.buyers / max(int(known.sum()), 1)
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Give the shares of the group, or of everybody for a customer of no group."""
        groups = self._groups[customers]
        scores: Scores = self._shares[np.maximum(groups, 0)].astype(np.float32)
        scores[groups < 0] = self._everyone
        return scores


@dataclass
class Neighbours:
    """Items like those the customer bought: item-based neighbours, cosine or BM25."""

    name: str
    weighting: str
    normalise: Callable[[csr_matrix], csr_matrix]

    def fit(self, history: History) -> Self:
        """Find the neighbours of each item."""
        self.similarities = _neighbours(_weights(history, self.weighting), self.normalise)
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the similarities to what the customer bought."""
        return _dense(_weights(history, self.weighting)[customers] @ self.similarities)


@dataclass
class GoesWith:
    """Items of the orders that hold what the customer bought last: cosine neighbours within orders."""

    name: str = "goes_with"

    def fit(self, history: History) -> Self:
        """Find the items that are ordered together."""
        self.similarities = _neighbours(history.baskets, normalize)
        self.similarities.setdiag(0)
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the similarities to the customer's last order."""
        return _dense(history.last_order[customers] @ self.similarities)


@dataclass
class Als:
    """Latent factors by alternating least squares on implicit feedback."""

    name: str = "als"
    weighting: str = "recent"

    def fit(self, history: History) -> Self:
        """Factorise."""
        self._model = AlternatingLeastSquares(
            factors=min(FACTORS, max(2, min(history.shape) // 4)),
            regularization=REGULARISATION,
            iterations=ITERATIONS,
            random_state=history.seed,
        )
        self._model.fit(_weights(history, self.weighting), show_progress=False)
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Fold the customers in: their factors follow from what they bought, without fitting anew."""
        rows = _weights(history, self.weighting)[customers]
        factors = self._model.recalculate_user(np.arange(len(customers)), rows)
        return np.asarray(factors @ self._model.item_factors.T, dtype=np.float32)


@dataclass
class Ease:
    """A linear item-item model: each item's purchases regressed on all the others'."""

    name: str = "ease"
    weighting: str = "bought"

    def fit(self, history: History) -> Self:
        """Solve for the item-item weights, in closed form."""
        rows = _weights(history, self.weighting)
        gram = (rows.T @ rows).toarray().astype(np.float32)
        gram[np.diag_indices_from(gram)] += EASE_PENALTY
        factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
        inverse, failed_too = lapack.spotri(factor, lower=1, overwrite_c=1)
        if failed or failed_too:
            raise ArithmeticError("EASE: the item-item matrix is not positive definite")
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = inverse / -np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0
        self.weights: Scores = weights
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the weights from what the customer bought."""
        return np.asarray(_weights(history, self.weighting)[customers] @ self.weights, dtype=np.float32)


def baselines() -> list[Model]:
    """Return new models that the hybrid has to beat and does not look at."""
    return [
        Popularity(),
        OwnFrequency(),
        OwnFrequency("own_recent_frequency", decay=True),
        OwnThenPopular(),
    ]


def components(items: int) -> list[Model]:
    """Return new models whose scores the hybrid weighs, for a catalogue of that many items."""
    linear: list[Model] = [Ease()] if items <= EASE_ITEMS else []
    return [
        RecentPopularity(),
        GroupPopularity("cluster_popularity", "cluster"),
        GroupPopularity("palette_popularity", "palette"),
        Neighbours("item_cosine", "bought", normalize),
        Neighbours("bm25", "recent", partial(bm25_weight, K1=1.2, B=0.75)),
        GoesWith(),
        Als(),
        *linear,
    ]


def groups_of(history: History, grouping: str) -> tuple[Codes, int]:
    """Group customers by their purchases up to the moment.

    Parameters
    ----------
    history
        What is known.
    grouping
        ``cluster`` or ``palette``, see :class:`GroupPopularity`.

    Returns
    -------
    (numpy.ndarray, int)
        Code of each customer's group, -1 without purchases, and the number of groups.
    """
    known = np.flatnonzero(np.isfinite(history.last_age))
    groups = np.full(history.shape[0], -1, dtype=np.int64)
    rfm = _rfm(history).iloc[known]
    if grouping == "cluster":
        groups[known] = _means(standardised(rfm, RFM_COLUMNS), CLUSTERS, history.seed)
        return groups, CLUSTERS
    behaviour = standardised(pd.concat([_times(history).iloc[known], rfm], axis=1), RFM_COLUMNS)
    taste = standardised(pd.DataFrame(history.category_share[known]).add_prefix("category_"), ())
    behaviours = _means(behaviour, BEHAVIOURS, history.seed)
    groups[known] = behaviours * TASTES + _means(taste, TASTES, history.seed)
    return groups, BEHAVIOURS * TASTES


def _rfm(history: History) -> pd.DataFrame:
    measures = (np.floor(history.last_age), history.customer_lines, history.amount)
    return pd.DataFrame(dict(zip(RFM_COLUMNS, measures, strict=True)))


def _times(history: History) -> pd.DataFrame:
    """Return shares of each customer's lines by time and channel."""
    at = history.purchases.end + pd.to_timedelta(history.lines["time"], unit="s")
    hour = at.dt.hour.to_numpy()
    kinds = {
        "weekend": at.dt.day_of_week.to_numpy() >= 5,
        "dawn": (hour >= 1) & (hour <= 8),
        "dinner": (hour >= 19) | (hour == 0),
        "online": history.lines["online"].to_numpy(),
    }
    customer, lines = history.lines["customer"], np.maximum(history.customer_lines, 1)
    counted = {
        kind: np.bincount(customer, found, minlength=len(lines)) / lines for kind, found in kinds.items()
    }
    return pd.DataFrame(counted)


def _means(points: NDArray[np.float64], k: int, seed: int) -> Codes:
    if len(points) <= k:
        return np.arange(len(points), dtype=np.int64)
    found: Codes = k_means(points, k, seed, starts=STARTS).labels_.astype(np.int64)
    return found


def _neighbours(rows: csr_matrix, normalise: Callable[[csr_matrix], csr_matrix]) -> csr_matrix:
    """Return each item's most similar items, items x items, of the columns brought to one length."""
    model = ItemItemRecommender(K=NEIGHBOURS)
    model.fit(normalise(rows.T).T.tocsr(), show_progress=False)
    return model.similarity.astype(np.float32)


def _weights(history: History, weighting: str) -> csr_matrix:
    matrix: csr_matrix = getattr(history, weighting)
    return matrix


def _dense(rows: csr_matrix) -> Scores:
    return np.asarray(rows.toarray(), dtype=np.float32)


def _everybody(scores: Vector, customers: Codes) -> Scores:
    return np.broadcast_to(scores.astype(np.float32), (len(customers), len(scores))).copy()
