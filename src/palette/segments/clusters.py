"""K-means clusters of customers, with names that survive another random start.

Source: SPEC of System B, "Clusters": k-means on the standardised logarithms of recency, frequency and
monetary; k = 2..10 is tried, inertia and silhouette of each are kept. A cluster's number is chance, so each
gets its name by matching its centroid, one to one, to a named archetype.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from palette.core.tables import empty

Matrix = NDArray[np.float64]

CANDIDATES = range(2, 11)
STARTS = 30


@dataclass(frozen=True)
class Clustering:
    """A way to cluster customers: its name and the columns, each at least 0, that it looks at."""

    name: str
    columns: tuple[str, ...]


RFM = Clustering("rfm", ("recency_days", "frequency", "monetary"))

DIAGNOSTICS_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("k", pa.int64(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("inertia", pa.float64(), nullable=False),
        pa.field("silhouette", pa.float64(), nullable=False),
        pa.field("is_chosen", pa.bool_(), nullable=False),
    ]
)

CLUSTERS_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("cluster_name", pa.string(), nullable=False),
        pa.field("distance_to_centroid", pa.float64(), nullable=False),
    ]
)


class ArchetypeError(ValueError):
    """The seed table of archetypes has too few names for the number of clusters."""


def diagnose(
    features: pd.DataFrame,
    clustering: Clustering,
    *,
    k: int | Literal["auto"],
    seed: int,
    silhouette_sample: int,
) -> pd.DataFrame:
    """Measure k-means for every candidate number of clusters, a retailer at a time.

    Parameters
    ----------
    features
        One row a customer: ``retailer``, ``customer_id`` and the clustering's columns.
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
    pandas.DataFrame
        Columns of ``DIAGNOSTICS_SCHEMA``: a row a retailer and k in 2..10. A retailer gets fewer rows when it
        has not more distinct customers than k, and one row is chosen: the k asked for, or the nearest one.
    """
    parts = [empty(DIAGNOSTICS_SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        points = standardised(rows.sort_values("customer_id")[list(clustering.columns)])
        measured = [
            (size, *_measure(points, size, seed, silhouette_sample))
            for size in CANDIDATES
            if size < len(np.unique(points, axis=0))
        ]
        part = pd.DataFrame(measured, columns=["k", "inertia", "silhouette"])
        part = part.assign(
            retailer=retailer, clustering=clustering.name, customers=len(rows), is_chosen=False
        )
        if measured:
            distance = -part["silhouette"] if k == "auto" else (part["k"] - k).abs()
            part.loc[distance.idxmin(), "is_chosen"] = True
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def assign(
    features: pd.DataFrame,
    clustering: Clustering,
    *,
    chosen: pd.DataFrame,
    archetypes: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Put every customer into a named cluster.

    Parameters
    ----------
    features, clustering, seed
        As for :func:`diagnose`.
    chosen
        Result of :func:`diagnose`; the row with ``is_chosen`` gives a retailer's number of clusters. A
        retailer without one (too few customers) has a single cluster, named by the nearest archetype.
    archetypes
        ``clustering``, ``cluster_name``, ``from_k`` (used when there are at least that many clusters),
        ``feature`` (one of the clustering's columns) and ``centroid``, where the archetype lies on it in
        standard deviations of its logarithm.

    Returns
    -------
    pandas.DataFrame
        Columns of ``CLUSTERS_SCHEMA``, one row a customer.

    Raises
    ------
    ArchetypeError
        A retailer has more clusters than the archetypes have names.
    """
    sizes = chosen[chosen["is_chosen"]].set_index("retailer")["k"]
    named = archetypes[archetypes["clustering"] == clustering.name]
    parts = [empty(CLUSTERS_SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        ordered = rows.sort_values("customer_id")
        points = standardised(ordered[list(clustering.columns)])
        model = _fit(points, int(sizes.get(retailer, 1)), seed)
        names = name_clusters(model.cluster_centers_, named, clustering)
        distances = np.linalg.norm(points - model.cluster_centers_[model.labels_], axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "retailer": retailer,
                    "clustering": clustering.name,
                    "customer_id": ordered["customer_id"].to_numpy(),
                    "cluster_name": np.array(names, dtype=object)[model.labels_],
                    "distance_to_centroid": distances.round(6),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def standardised(features: pd.DataFrame) -> Matrix:
    """Take the natural logarithm of 1 + x, then bring each column to mean 0 and standard deviation 1."""
    logarithms = np.log1p(features.to_numpy(dtype=np.float64))
    return np.asarray(StandardScaler().fit_transform(logarithms), dtype=np.float64)


def name_clusters(centroids: Matrix, archetypes: pd.DataFrame, clustering: Clustering) -> list[str]:
    """Name each centroid after an archetype, one to one, with the least sum of squared distances.

    Parameters
    ----------
    centroids
        Shape (k, number of the clustering's columns), standardised.
    archetypes
        See :func:`assign`; only those with ``from_k`` up to k, or up to 2 for fewer clusters, take part.

    Returns
    -------
    list of str
        A name a centroid, in the order of the centroids.
    """
    k = len(centroids)
    candidates = archetypes[archetypes["from_k"] <= max(k, CANDIDATES.start)].pivot(
        index="cluster_name", columns="feature", values="centroid"
    )
    if len(candidates) < k:
        raise ArchetypeError(
            f"{k} clusters but {len(candidates)} archetypes with from_k up to {k}: "
            "add rows to seeds/segments/cluster_archetypes.csv"
        )
    cost = cdist(centroids, candidates[list(clustering.columns)], "sqeuclidean")
    _, matched = linear_sum_assignment(cost)
    return [str(name) for name in candidates.index[matched]]


def _fit(points: Matrix, k: int, seed: int) -> KMeans:
    # One thread: sums of several threads arrive in any order, and the last digits with them.
    with threadpool_limits(1):
        return KMeans(n_clusters=k, n_init=STARTS, random_state=seed).fit(points)


def _measure(points: Matrix, k: int, seed: int, sample: int) -> tuple[float, float]:
    model = _fit(points, k, seed)
    drawn = np.random.default_rng(seed).permutation(len(points))[:sample]
    one_of_each = np.unique(model.labels_, return_index=True)[1]
    judged = np.union1d(drawn, one_of_each)
    with threadpool_limits(1):
        silhouette = silhouette_score(points[judged], model.labels_[judged])
    return round(float(model.inertia_), 6), round(float(silhouette), 6)
