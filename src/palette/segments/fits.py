"""What a clustering learns from a retailer's customers: the space they are compared in, and the centres.

Source: the SPECs of :mod:`palette.segments.clusterings`: k-means on standardised columns. k = 2..10 is tried,
inertia and silhouette of each are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import StandardScaler

from palette.core.learned import objects
from palette.segments.clusterings import Clustering
from palette.segments.kmeans import (
    THREADS,
    Labels,
    Matrix,
    k_means,
    one_group_silhouette,
    principal_components,
    silhouettes,
)

CANDIDATES = range(2, 11)
SILHOUETTE_SAMPLE = 10_000


@dataclass(frozen=True)
class Space:
    """Where a retailer's customers are compared.

    Attributes
    ----------
    columns, logarithms
        What is looked at, and which of that by its logarithm.
    means, scales
        Mean and standard deviation of each column.
    reduction
        What the standardised columns are multiplied with to give the points that k-means sees, shape
        (columns, components); empty: they are the points.
    """

    columns: tuple[str, ...]
    logarithms: tuple[str, ...]
    means: Matrix
    scales: Matrix
    reduction: Matrix

    @classmethod
    def of(cls, rows: pd.DataFrame, clustering: Clustering) -> "Space":
        """Learn it from a retailer's customers, in the order of their ids."""
        columns = clustering.of(rows).columns
        logarithms = columns if clustering.logarithms is None else clustering.logarithms
        scaler = StandardScaler().fit(_values(rows, columns, logarithms))
        unreduced = cls(columns, logarithms, scaler.mean_, scaler.scale_, np.empty((0, 0)))
        space = unreduced.standardised(rows)
        if clustering.components is None or not space.any():
            return unreduced
        # The seed of the SVD is fixed, and that of k-means the user's: another start, the same points.
        svd = TruncatedSVD(min(clustering.components, len(columns)), random_state=0)
        with THREADS.limit(limits=1):
            return replace(unreduced, reduction=svd.fit(space).components_.T)

    def standardised(self, rows: pd.DataFrame) -> Matrix:
        """Return the standardised columns of customers."""
        space: Matrix = (_values(rows, self.columns, self.logarithms) - self.means) / self.scales
        return space

    def points(self, space: Matrix) -> Matrix:
        """Return the points of standardised customers."""
        if not self.reduction.size:
            return space
        with THREADS.limit(limits=1):
            return space @ self.reduction


@dataclass(frozen=True)
class Fit:
    """A clustering as learned from a retailer's customers.

    Attributes
    ----------
    space
        Where the customers are compared.
    centres
        Of the clusters, shape (k, columns of the points).
    loadings, variance_shares
        See :func:`palette.segments.kmeans.principal_components`.
    customers
        Number of customers it was learned from.
    sizes, inertias, silhouettes
        The numbers of clusters that were tried, and what came of each; none with too few customers.
    one_group_silhouette
        See :func:`palette.segments.kmeans.one_group_silhouette`; 0 where nothing was tried.
    judged, judged_silhouettes
        The customers whose silhouettes were taken, as places in the order of the ids, and what they are with
        these clusters; none where there is one cluster.
    """

    space: Space
    centres: Matrix
    loadings: Matrix
    variance_shares: Matrix
    customers: int
    sizes: NDArray[np.int64]
    inertias: Matrix
    silhouettes: Matrix
    one_group_silhouette: float
    judged: NDArray[np.int64]
    judged_silhouettes: Matrix

    def learned(self) -> dict[str, Any]:
        """Return it as :mod:`palette.core.learned` keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, learned: Mapping[str, Any]) -> "Fit":
        """Make it of what :meth:`learned` returned."""
        space = learned["space"]
        names = {key: tuple(space[key]) for key in ("columns", "logarithms")}
        return cls(**{**learned, "space": Space(**{**space, **names})})


Fits = Mapping[tuple[str, str], Fit]


def fit(
    features: pd.DataFrame,
    clustering: Clustering,
    *,
    k: int | Literal["auto"],
    seed: int,
    silhouette_sample: int = SILHOUETTE_SAMPLE,
) -> dict[tuple[str, str], Fit]:
    """Find the clusters of every candidate number, and choose one, a retailer at a time.

    Parameters
    ----------
    features
        One row a customer: ``retailer``, ``customer_id`` and the clustering's columns; for a clustering
        without columns of its own, nothing but those it shall look at.
    clustering
        What to cluster on.
    k
        Number of clusters to choose, or ``auto``: the one with the best silhouette.
    seed
        Seed of the starts and of the silhouette's sample.
    silhouette_sample
        Customers the silhouette is computed on, drawn when there are more; one of each cluster is always
        among them.

    Returns
    -------
    dict of (str, str) to Fit
        By retailer and name of the clustering. The number of clusters is the k asked for, or the nearest that
        was tried: 2..10, as long as the retailer has more distinct customers than k. Without any, everybody
        is in one cluster.
    """
    return {
        (str(retailer), clustering.name): _fit(
            rows.sort_values("customer_id"), clustering.of(rows), k, seed, silhouette_sample
        )
        for retailer, rows in features.groupby("retailer", sort=True)
    }


def read_fits(rows: pd.DataFrame) -> dict[tuple[str, str], Fit]:
    """Read the table that fits are kept in, see :func:`palette.core.learned.table`."""
    return {key: Fit.of(learned) for key, learned in objects(rows).items()}


def _fit(rows: pd.DataFrame, clustering: Clustering, k: int | Literal["auto"], seed: int, sample: int) -> Fit:
    """Fit a clustering to a retailer's customers, in the order of their ids."""
    space = Space.of(rows, clustering)
    standardised = space.standardised(rows)
    points = space.points(standardised)
    distinct = _distinct(standardised)
    tried = {size: k_means(points, size, seed) for size in CANDIDATES if size < distinct}
    sizes = np.array(list(tried), dtype=np.int64)
    labelings = [model.labels_ for model in tried.values()]
    judged = _judged(labelings, seed, sample)
    measured = silhouettes(points[judged], [labels[judged] for labels in labelings])
    means = measured.mean(axis=1).round(6) if tried else np.empty(0)
    # without any, everybody is in one cluster
    chosen = int((-means if k == "auto" else np.abs(sizes - k)).argmin()) if tried else None
    centres = points.mean(axis=0, keepdims=True) if chosen is None else tried[sizes[chosen]].cluster_centers_
    _, loadings, variance_shares = principal_components(standardised)
    return Fit(
        space=space,
        centres=centres,
        loadings=loadings,
        variance_shares=variance_shares,
        customers=len(rows),
        sizes=sizes,
        inertias=np.array([model.inertia_ for model in tried.values()]).round(6),
        silhouettes=means,
        one_group_silhouette=0.0 if chosen is None else one_group_silhouette(points, sizes[chosen], seed),
        judged=judged,
        judged_silhouettes=np.empty(0) if chosen is None else measured[chosen].round(6),
    )


def _values(rows: pd.DataFrame, columns: tuple[str, ...], logarithms: tuple[str, ...]) -> Matrix:
    """Return the columns as numbers, with the logarithm of 1 + x of those that count by it."""
    values = rows[list(columns)].astype(np.float64)
    values[list(logarithms)] = np.log1p(values[list(logarithms)].clip(lower=0))
    return values.to_numpy()


def _distinct(space: Matrix) -> int:
    """Count distinct customers, as far as it matters: up to more than the largest number of clusters."""
    few = len(np.unique(space[:1000], axis=0))
    return few if few > CANDIDATES.stop else len(np.unique(space, axis=0))


def _judged(labelings: Sequence[Labels], seed: int, sample: int) -> NDArray[np.int64]:
    """Draw the customers that silhouettes are computed on, one of each cluster among them."""
    if not labelings:
        return np.empty(0, dtype=np.int64)
    drawn = np.random.default_rng(seed).permutation(len(labelings[0]))[:sample]
    one_of_each = [np.unique(labels, return_index=True)[1] for labels in labelings]
    return np.unique(np.concatenate([drawn, *one_of_each]))
