"""Single recommenders: one protocol for all, from what everybody buys to latent factors.

Each learns from a :class:`~palette.recommendations.history.History` and scores every item for customers of a
history, which may be another one: a customer it never saw is scored by what they bought (ALS folds them in),
or, without purchases, by what everybody or their group buys. What one learned are arrays, its ``state``.

Factors are ``implicit``'s. EASE is the linear item-item model of Steck, "Embarrassingly Shallow Autoencoders
for Sparse Data" (WWW 2019). TIFUKNN is of Hu, He, Gao and Zhang, "Modeling Personalized Item Frequency
Information for Next-basket Recommendation" (SIGIR 2020), UP-CF of Faggioli, Polato and Aiolli, "Recency Aware
Collaborative Filtering for Next Basket Recommendation" (UMAP 2020).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, Self

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from implicit.nearest_neighbours import bm25_weight, normalize
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils.extmath import randomized_svd
from sparse_dot_topn import sp_matmul_topn

from palette.recommendations.codes import Codes, Vector, drawn
from palette.recommendations.history import History
from palette.recommendations.known import once, once_of_each
from palette.recommendations.scores import LEAST, Cells, Dense, Factors, Scores, Shared, nth_of, places
from palette.segments.kmeans import k_means

State = dict[str, Any]

FRESH_DAYS = 7.0  # half-life of a purchase for the recent popularity
NEIGHBOURS = 100
FACTORS = 32
ITERATIONS = 5
REGULARISATION = 0.05
EASE_PENALTY = 300.0
EASE_ITEMS = 2_000  # at most, those that most customers bought: the matrix grows with their square
EASE_WEIGHTS = 200  # of an item are kept, the greatest
DEEP = 500  # items that a model of everything names: rules leave out some, and the hybrid names about as many
STARTS = 3  # of k-means: these groups have no names that a worse start could change

# User neighbours.
CUSTOMERS_ALIKE = 300
THE_SAME = 1 - 1e-5  # likeness
POOL = 5_000  # customers at most who may be neighbours
PAIRS = 1_000_000  # of a customer and one of those that are compared at a time
OWN_WEIGHT = 0.7
ASYMMETRY, LOCALITY = 0.5, 5

# Models that score what a customer never bought by how many others did.
POPULAR = ("popularity", "recent_popularity", "own_then_popular", "cluster_popularity", "palette_popularity")


class Model(Protocol):
    """A recommender.

    ``name`` is its key in the marts. ``fit`` learns from a history what becomes its ``state``, and ``score``
    gives each item a score for each of the customers (codes) of a history.
    """

    name: str
    state: State

    def fit(self, history: History) -> Self:
        """Learn from purchases."""
        ...

    def score(self, history: History, customers: Codes) -> Scores:
        """Score every item for some customers."""
        ...


@dataclass
class Popularity:
    """The number of customers who bought an item."""

    name: str = "popularity"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Count buyers."""
        self.state = _table(history.buyers[None])
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Give everybody the same scores."""
        return _everybody(self.state, customers)


@dataclass
class RecentPopularity:
    """The number of purchases of an item, each counting half after ``half_life`` days."""

    name: str = "recent_popularity"
    half_life: float = FRESH_DAYS
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Count purchases by their age."""
        weights = 0.5 ** (history.lines["age"].to_numpy() / self.half_life)
        self.state = _table(np.bincount(history.lines["item"], weights, minlength=history.shape[1])[None])
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Give everybody the same scores."""
        return _everybody(self.state, customers)


@dataclass
class OwnFrequency:
    """The number of the customer's own orders with an item, of late ones more with ``weighting`` recent."""

    name: str = "own_frequency"
    weighting: str = "orders"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Learn nothing: the customer's own purchases are all."""
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Count own orders; 0 for what the customer never bought."""
        return Dense.of(_weights(history, self.weighting)[customers])


@dataclass
class OwnThenPopular:
    """Own frequency, then popularity: what most shops show. Of what is not one's own the first ``DEEP``."""

    name: str = "own_then_popular"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Count buyers."""
        self.state = _table(history.buyers[None] / (history.buyers.max(initial=0) + 1))
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Count own orders, and let popularity decide between equals."""
        share, first = self.state["table"][0], self.state["order"][0][:DEEP]
        own = history.orders[customers].tocoo()
        row = np.concatenate([own.row, np.repeat(np.arange(len(customers)), len(first))])
        item = np.concatenate([own.col, np.tile(first, len(customers))])
        rest = np.isin(own.col, first, invert=True) * share[own.col]
        values = np.concatenate([own.data + rest, np.tile(share[first], len(customers))])
        return Dense.of(csr_matrix((values.astype(np.float32), (row, item)), shape=own.shape))


@dataclass(eq=False)  # a history keeps the groups of each, see once()
class GroupPopularity:
    """The share of the customer's group who bought an item.

    The groups are those of the history's own moment, since a group of today would tell the past its future:
    ``cluster`` = k-means on the logarithms of R, F and M as in the mart; ``palette`` = behaviour (times,
    channel, R, F, M) x taste (super-categories) as in the mart, of purchases alone. A customer is of the
    group with the nearest centre.
    """

    name: str
    grouping: str
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Find the groups and count what they buy."""
        groupings = groupings_of(history, self.grouping)
        self.state = {"groupings": [vars(grouping) for grouping in groupings]}
        groups, count = self.groups(history)
        known = np.flatnonzero(groups >= 0)
        cells = (np.ones(len(known), dtype=np.float32), (groups[known], known))
        members = csr_matrix(cells, shape=(count, len(groups)))
        sizes = np.asarray(members.sum(axis=1))
        everybody = history.buyers / max(len(known), 1)
        shares = (members @ history.bought).toarray() / np.maximum(sizes, 1)
        self.state |= _table(np.vstack([np.where(sizes > 0, shares, everybody), everybody]))
        return self

    def groups(self, history: History) -> tuple[Codes, int]:
        """Return the group of each of a history's customers, -1 without purchases, and their number."""
        count = int(np.prod([len(grouping.centres) for grouping in self._groupings]))
        return _groups_of(history, self), count

    @property
    def _groupings(self) -> list["_Grouping"]:
        return [_Grouping(**state) for state in self.state["groupings"]]

    def score(self, history: History, customers: Codes) -> Scores:
        """Give the shares of the group, or of everybody for a customer of no group or a group of none."""
        groups, everybody = self.groups(history)
        found = groups[customers]
        return Shared(np.where(found < 0, everybody, found), self.state["table"], self.state["order"])


@dataclass
class Neighbours:
    """Items like those the customer bought: item-based neighbours, cosine or BM25.

    ``learned_from`` are the purchases that tell which items are alike, where they are not ``weighting``.
    """

    name: str
    weighting: str
    normalise: Callable[[csr_matrix], csr_matrix]
    learned_from: str | None = None
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Find the neighbours of each item."""
        rows = _weights(history, self.learned_from or self.weighting)[history.learners]
        self.state = {"similarities": _neighbours(rows, self.normalise, NEIGHBOURS)}
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the similarities to what the customer bought."""
        return Dense.product(_weights(history, self.weighting)[customers], _csr(self.state["similarities"]))


@dataclass
class GoesWith:
    """Items of the orders that hold what the customer bought last: cosine neighbours within orders."""

    name: str = "goes_with"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Find the items that are ordered together."""
        self.state = {"similarities": _other_neighbours(history.baskets_of(history.learns), normalize)}
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the similarities to the customer's last order."""
        return Dense.product(history.last_order[customers], _csr(self.state["similarities"]))


@dataclass
class NameCosine:
    """Items with names like those of what the customer bought, which speak for new items too."""

    name: str = "name_cosine"
    weighting: str = "recent"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Find the items with similar names, by the words that few have."""
        self.state = {"likeness": _other_neighbours(history.words, _by_rarity)}
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the likeness to what the customer bought."""
        return Dense.product(_weights(history, self.weighting)[customers], _csr(self.state["likeness"]))


@dataclass
class Als:
    """Latent factors by alternating least squares on implicit feedback.

    They start from the singular vectors of what was bought, not from chance: where a few rounds end depends
    on where they begin.
    """

    name: str = "als"
    weighting: str = "recent"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Factorise."""
        most = min(FACTORS, max(2, min(history.shape) // 4))
        users, strengths, items = randomized_svd(history.bought[history.learners], most, random_state=0)
        model = self._model(len(strengths))
        model.user_factors = _half(users, strengths)
        model.item_factors = _half(items.T, strengths)
        model.fit(_weights(history, self.weighting)[history.learners], show_progress=False)
        self.state = {"items": np.asarray(model.item_factors)}
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Fold the customers in: their factors follow from what they bought, without fitting anew."""
        model = self._model(self.state["items"].shape[1])
        model.item_factors = self.state["items"]
        rows = _weights(history, self.weighting)[customers]
        return Factors(model.recalculate_user(np.arange(len(customers)), rows), self.state["items"])

    def _model(self, factors: int) -> AlternatingLeastSquares:
        return AlternatingLeastSquares(
            factors=factors,
            regularization=REGULARISATION,
            iterations=ITERATIONS,
            num_threads=1,
        )


@dataclass
class Ease:
    """A linear item-item model: each item's purchases regressed on all the others'.

    Of the items that most customers bought, at most ``EASE_ITEMS``; each keeps its greatest weights.
    """

    name: str = "ease"
    weighting: str = "bought"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Solve for the item-item weights, in closed form."""
        items = np.sort(np.argsort(-history.buyers, kind="stable")[:EASE_ITEMS])
        rows = _weights(history, self.weighting)[history.learners][:, items]
        gram = (rows.T @ rows).toarray().astype(np.float32)
        gram[np.diag_indices_from(gram)] += EASE_PENALTY
        factor, failed = lapack.spotrf(gram, lower=1, overwrite_a=1)
        inverse, failed_too = lapack.spotri(factor, lower=1, overwrite_c=1)
        if failed or failed_too:
            raise ArithmeticError("EASE: the item-item matrix is not positive definite")
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = inverse / -np.diag(inverse)
        weights[np.diag_indices_from(weights)] = 0
        self.state = {"weights": _greatest(weights, items, history.shape[1])}
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up the weights from what the customer bought."""
        return Dense.product(_weights(history, self.weighting)[customers], _csr(self.state["weights"]))


@dataclass
class TifuKnn:
    """TIFUKNN: the customer's own orders, late ones counting more, and those of customers alike."""

    name: str = "tifuknn"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Keep the customers who may be neighbours."""
        pool = history.fading[drawn(history.learners, POOL, history.seed)]
        self.state = {"alike": _single(normalize(pool)), "bought": _single(pool)}
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Mix own vector and the mean of the neighbours'."""
        own = history.fading[customers]

        def weigh(likeness: Cells) -> Cells:
            alike = likeness > 0
            weights: Cells = alike * ((1 - OWN_WEIGHT) / np.maximum(alike.sum(axis=1, keepdims=True), 1))
            return weights

        return _with_neighbours(self.state, OWN_WEIGHT * own, normalize(own), weigh)


@dataclass
class UpCf:
    """UP-CF: shares of the last orders with an item, of customers by how much they are alike, oneself too."""

    name: str = "up_cf"
    state: State = field(default_factory=dict)

    def fit(self, history: History) -> Self:
        """Keep the customers who may be neighbours."""
        pool = drawn(history.learners, POOL, history.seed)
        self.state = {
            "alike": _single(_lengths(history.bought[pool], 1 - ASYMMETRY)),
            "bought": _single(history.last_shares[pool]),
        }
        return self

    def score(self, history: History, customers: Codes) -> Scores:
        """Add up what the neighbours bought last, by the power ``LOCALITY`` of the asymmetric cosine."""
        own, alike = history.last_shares[customers], _lengths(history.bought[customers], ASYMMETRY)

        def weigh(likeness: Cells) -> Cells:
            return np.power(likeness, LOCALITY, out=np.zeros_like(likeness), where=likeness > 0)

        return _with_neighbours(self.state, own, alike, weigh)


def baselines() -> list[Model]:
    """Return new models that the hybrid has to beat and does not look at."""
    return [
        Popularity(),
        OwnFrequency(),
        OwnFrequency("own_recent_frequency", weighting="recent"),
        OwnThenPopular(),
    ]


def components() -> list[Model]:
    """Return new models whose scores the hybrid weighs."""
    return [
        RecentPopularity(),
        GroupPopularity("cluster_popularity", "cluster"),
        GroupPopularity("palette_popularity", "palette"),
        Neighbours("item_cosine", "bought", normalize),
        Neighbours("bm25", "recent", partial(bm25_weight, K1=1.2, B=0.75)),
        Neighbours("recent_cosine", "recent", normalize, learned_from="lately"),
        NameCosine(),
        GoesWith(),
        Als(),
        Ease(),
        TifuKnn(),
        UpCf(),
    ]


@dataclass
class _Grouping:
    """Groups of customers by k-means: where they are compared, and the centres."""

    kind: str
    means: Vector
    scales: Vector
    centres: Vector

    def nearest(self, history: History) -> Codes:
        """Return the group of each of a history's customers."""
        points = (self.values(history, self.kind) - self.means) / self.scales
        if not len(self.centres):
            return np.zeros(len(points), dtype=np.int64)
        distances = (self.centres**2).sum(axis=1) - 2 * points @ self.centres.T
        found: Codes = distances.argmin(axis=1)
        return found

    @staticmethod
    def values(history: History, kind: str) -> Vector:
        """Return what the customers are compared by, customers x columns; 0 without purchases."""
        if kind == "taste":
            return history.category_share
        rfm = np.column_stack([history.recency, history.frequency, history.monetary])
        rfm = np.log1p(np.clip(np.where(np.isfinite(rfm), rfm, 0), 0, None), dtype=np.float64)
        columns = [rfm] if kind == "rfm" else [*history.times.values(), history.online_share, rfm]
        values: Vector = np.column_stack(columns)
        return values


def groupings_of(history: History, grouping: str) -> list[_Grouping]:
    """Find the groups of a moment, see :class:`GroupPopularity`."""
    return [_grouping(history, kind, k) for kind, k in _kinds(history, grouping)]


def groups_by(groupings: Sequence[_Grouping], history: History) -> tuple[Codes, int]:
    """Return the group of each of a history's customers, -1 without purchases, and how many there are."""
    found, count = np.zeros(history.shape[0], dtype=np.int64), 1
    for grouping in groupings:
        found = found * len(grouping.centres) + grouping.nearest(history)
        count *= len(grouping.centres)
    return np.where(np.isfinite(history.recency), found, -1), count


@once_of_each  # the distances of many differ in the last bit from those of one
def _groups_of(history: History, model: GroupPopularity) -> Codes:
    """Put a history's customers into the groups that a model has found, there or elsewhere."""
    return groups_by(model._groupings, history)[0]


@once
def _grouping(history: History, kind: str, k: int) -> _Grouping:
    """Group a history's customers."""
    values = _Grouping.values(history, kind)[history.learners]
    means, scales = values.mean(axis=0), values.std(axis=0)
    scales = np.where(scales > 0, scales, 1)
    points = (values - means) / scales
    centres = np.unique(points, axis=0)
    if len(centres) > k:
        centres = k_means(points, k, history.seed, starts=STARTS).cluster_centers_
    return _Grouping(kind, means, scales, centres)


def _kinds(history: History, grouping: str) -> list[tuple[str, int]]:
    """Return what customers are grouped by, and into how many."""
    clusters = history.purchases.clusters
    if grouping == "cluster":
        return [("rfm", clusters.rfm)]
    return [("behaviour", clusters.behaviour), ("taste", clusters.consumption)]


def _table(shares: NDArray[Any]) -> State:
    """Return scores of groups, groups x items, with their items best first."""
    table = shares.astype(np.float32)
    return {"table": table, "order": np.argsort(-table, axis=1, kind="stable")}


def _everybody(state: State, customers: Codes) -> Scores:
    return Shared(np.zeros(len(customers), dtype=np.int64), state["table"], state["order"])


def _half(vectors: NDArray[Any], strengths: NDArray[Any]) -> NDArray[np.float32]:
    """Give singular vectors half of their strength each, as the dense rows that implicit wants."""
    return np.ascontiguousarray(vectors * np.sqrt(strengths), dtype=np.float32)


def _neighbours(rows: csr_matrix, normalise: Callable[[csr_matrix], csr_matrix], count: int) -> csr_matrix:
    """Return each item's most similar items, items x items, of the columns brought to one length."""
    columns = normalise(rows.T).tocsr().astype(np.float32)
    return sp_matmul_topn(columns, columns.T.tocsr(), top_n=count, sort=True, n_threads=1)


def _other_neighbours(rows: csr_matrix, normalise: Callable[[csr_matrix], csr_matrix]) -> csr_matrix:
    """Return the most similar items of each, itself left out."""
    similarities = _neighbours(rows, normalise, NEIGHBOURS + 1)
    similarities.setdiag(0)
    similarities.eliminate_zeros()
    return similarities


def _by_rarity(words: csr_matrix) -> csr_matrix:
    """Weigh words, items x words, by how few items have them, and bring the items to one length."""
    return csr_matrix(TfidfTransformer().fit_transform(words)) if words.shape[1] else words


def _greatest(weights: Cells, items: Codes, count: int) -> csr_matrix:
    """Keep each row's greatest weights, by size; rows and columns are those items of ``count``."""
    sizes = np.abs(weights)
    border = nth_of(sizes, min(EASE_WEIGHTS, len(items)))
    row, column = places(sizes >= np.maximum(border, LEAST)[:, None])
    return csr_matrix((weights[row, column], (items[row], items[column])), shape=(count, count))


def _with_neighbours(
    pool: State, own: csr_matrix, customers: csr_matrix, weigh: Callable[[Cells], Cells]
) -> Scores:
    """Add what the customers who are most alike bought, by their weight, to what is the customers' own.

    Parameters
    ----------
    pool
        Those who may be neighbours: what likeness is told by, ``alike``, and what they bought, ``bought``.
    own
        Customers x items.
    customers
        What likeness is told by. Whoever bought the very same is the customer, or tells nothing else.
    weigh
        Makes weights of the likeness of those most alike, customers x neighbours, which is 0 of others.
    """
    alike, bought = _csr(pool["alike"]), _csr(pool["bought"]).T
    customers = _single(customers)
    found, size = _single(own).toarray(), max(1, PAIRS // max(alike.shape[0], 1))
    for start in range(0, len(found) if alike.shape[0] else 0, size):
        part = slice(start, start + size)
        likeness = np.ascontiguousarray((alike @ customers[part].T.toarray()).T)
        likeness[likeness >= THE_SAME] = 0
        if likeness.shape[1] > CUSTOMERS_ALIKE:
            likeness[likeness < nth_of(likeness, CUSTOMERS_ALIKE)[:, None]] = 0
        found[part] += (bought @ np.ascontiguousarray(weigh(likeness).T, dtype=np.float32)).T
    return Dense(found)


def _lengths(rows: csr_matrix, power: float) -> csr_matrix:
    """Divide each row of ones by a power of its number of ones."""
    return (diags(np.maximum(np.diff(rows.indptr), 1) ** -float(power)) @ rows).tocsr()


def _single(matrix: csr_matrix) -> csr_matrix:
    """Take half the memory."""
    return csr_matrix(matrix, dtype=np.float32)


def _weights(history: History, weighting: str) -> csr_matrix:
    matrix: csr_matrix = getattr(history, weighting)
    return matrix


def _csr(matrix: Any) -> csr_matrix:
    """Take a sparse matrix, as learned or as read back from its file form."""
    return matrix if isinstance(matrix, csr_matrix) else csr_matrix(matrix)
