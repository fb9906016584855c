"""Clusters of customers, with names that survive another random start, and what describes them.

A cluster's number is chance, so each gets its name by matching its centroid, one to one, to a named
archetype.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import pairwise_distances_argmin

from palette.core.tables import empty
from palette.segments.clusterings import KEYS, Clustering
from palette.segments.fits import CANDIDATES, Fits
from palette.segments.kmeans import COMPONENTS, THREADS, Labels, Matrix

# Clusters stand apart when their silhouette is beyond what k-means finds where there is one group only.
LEAST_CUSTOMERS = 10  # in a cluster, on average

DIAGNOSTICS_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("k", pa.int64(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("inertia", pa.float64(), nullable=False),
        pa.field("silhouette", pa.float64(), nullable=False),
        pa.field("is_chosen", pa.bool_(), nullable=False),
        pa.field("one_group_silhouette", pa.float64()),
        pa.field("stands_apart", pa.bool_()),
    ]
)

CLUSTERS_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("cluster_name", pa.string(), nullable=False),
        pa.field("distance_to_centroid", pa.float64(), nullable=False),
        pa.field("component_1", pa.float64(), nullable=False),
        pa.field("component_2", pa.float64(), nullable=False),
        pa.field("silhouette", pa.float64()),
    ]
)

COMPONENTS_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("component", pa.int64(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("loading", pa.float64(), nullable=False),
        pa.field("variance_share", pa.float64(), nullable=False),
    ]
)

CENTRES_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("cluster_name", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("mean", pa.float64(), nullable=False),
        pa.field("overall_mean", pa.float64(), nullable=False),
        pa.field("standardised_mean", pa.float64(), nullable=False),
    ]
)


class ArchetypeError(ValueError):
    """The seed table of archetypes has too few names for the number of clusters."""


def diagnostics(fits: Fits) -> pd.DataFrame:
    """Tell how well k-means did with every candidate number of clusters.

    Parameters
    ----------
    fits
        Results of :func:`palette.segments.fits.fit`, of one clustering or several.

    Returns
    -------
    pandas.DataFrame
        Columns of ``DIAGNOSTICS_SCHEMA``: a row a retailer and k that was tried, of which one is chosen. Its
        row tells whether the clusters stand apart: at least ``LEAST_CUSTOMERS`` for each, and a silhouette
        above :func:`palette.segments.kmeans.one_group_silhouette`.
    """
    parts = [empty(DIAGNOSTICS_SCHEMA)]
    for (retailer, name), fitted in fits.items():
        k = len(fitted.centres)
        chosen = fitted.sizes == k
        enough = fitted.customers >= LEAST_CUSTOMERS * k
        apart = enough & (fitted.silhouettes > fitted.one_group_silhouette)
        parts.append(
            pd.DataFrame(
                {
                    "retailer": retailer,
                    "clustering": name,
                    "k": fitted.sizes,
                    "customers": fitted.customers,
                    "inertia": fitted.inertias,
                    "silhouette": fitted.silhouettes,
                    "is_chosen": chosen,
                    "one_group_silhouette": np.where(chosen, fitted.one_group_silhouette, np.nan),
                    "stands_apart": pd.Series(apart, dtype=object).where(chosen, None),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def assign(
    features: pd.DataFrame, clustering: Clustering, fits: Fits, archetypes: pd.DataFrame
) -> pd.DataFrame:
    """Put every customer into a named cluster.

    Parameters
    ----------
    features, clustering
        What was given to :func:`palette.segments.fits.fit`.
    fits
        Its result.
    archetypes
        ``clustering``, ``cluster_name``, ``from_k`` (used when there are at least that many clusters),
        ``feature`` (one of the clustering's columns) and ``centroid``, where the archetype lies on it in
        standard deviations, of the logarithm where the clustering takes it. A single cluster is named by the
        nearest archetype.

    Returns
    -------
    pandas.DataFrame
        Columns of ``CLUSTERS_SCHEMA``, one row a customer. The distance is taken where k-means works: between
        SVD components if the clustering has them, else between standardised columns. The components are those
        of :func:`palette.segments.kmeans.principal_components`, the same whatever the clusters. The
        silhouette is that of the customers of the sample, and missing for the others and where there is one
        cluster.

    Raises
    ------
    ArchetypeError
        A retailer has more clusters than the archetypes have names.
    """
    named = archetypes[archetypes["clustering"] == (clustering.archetypes or clustering.name)]
    parts = [empty(CLUSTERS_SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        fitted, ordered = fits[str(retailer), clustering.name], rows.sort_values("customer_id")
        space = fitted.space.standardised(ordered)
        points = fitted.space.points(space)
        with THREADS.limit(limits=1):
            labels = pairwise_distances_argmin(points, fitted.centres)
            places = (space @ fitted.loadings.T).round(6)
        names = name_clusters(_centroids(space, labels), named, fitted.space.columns)
        measured = np.full(len(rows), np.nan)
        measured[fitted.judged] = fitted.judged_silhouettes
        parts.append(
            pd.DataFrame(
                {
                    "retailer": retailer,
                    "clustering": clustering.name,
                    "customer_id": ordered["customer_id"].to_numpy(),
                    "cluster_name": np.array(names, dtype=object)[labels],
                    "distance_to_centroid": np.linalg.norm(points - fitted.centres[labels], axis=1).round(6),
                    "component_1": places[:, 0],
                    "component_2": places[:, 1],
                    "silhouette": measured,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def components(fits: Fits) -> pd.DataFrame:
    """Say what the components of :func:`assign` are made of.

    Parameters
    ----------
    fits
        Results of :func:`palette.segments.fits.fit`, of one clustering or several.

    Returns
    -------
    pandas.DataFrame
        Columns of ``COMPONENTS_SCHEMA``: a row a retailer, component (1, 2) and column of the clustering.
    """
    parts = [empty(COMPONENTS_SCHEMA)]
    for (retailer, name), fitted in fits.items():
        columns = fitted.space.columns
        parts.append(
            pd.DataFrame(
                {
                    "retailer": retailer,
                    "clustering": name,
                    "component": np.repeat(np.arange(1, COMPONENTS + 1), len(columns)),
                    "feature": columns * COMPONENTS,
                    "loading": fitted.loadings.ravel().round(6),
                    "variance_share": np.repeat(fitted.variance_shares.round(6), len(columns)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def centres(
    features: pd.DataFrame, clusters: pd.DataFrame, clustering: Clustering, fits: Fits
) -> pd.DataFrame:
    """Compare the mean customer of each cluster with the mean of all customers clustered.

    Parameters
    ----------
    features, clustering, fits
        As for :func:`assign`.
    clusters
        Its result; other clusterings' rows are ignored.

    Returns
    -------
    pandas.DataFrame
        Columns of ``CENTRES_SCHEMA``: a row a retailer, cluster and column of the clustering. ``mean`` and
        ``overall_mean`` are in the column's own unit. ``standardised_mean`` is the cluster's centroid where
        clusters are named: how many standard deviations it lies above the mean of all customers, of the
        logarithm where the clustering takes it.
    """
    own = clusters.loc[clusters["clustering"] == clustering.name, [*KEYS, "cluster_name"]]
    parts = [empty(CENTRES_SCHEMA)]
    for retailer, rows in features.merge(own, on=KEYS).sort_values("customer_id").groupby("retailer"):
        fitted, names = fits[str(retailer), clustering.name], rows["cluster_name"]
        values = rows[list(fitted.space.columns)].astype(np.float64).rename_axis(columns="feature")
        space = pd.DataFrame(fitted.space.standardised(rows), index=values.index, columns=values.columns)
        means = pd.DataFrame(
            {
                "mean": values.groupby(names).mean().stack(),
                "standardised_mean": space.groupby(names).mean().stack(),
            }
        ).reset_index()
        means["overall_mean"] = means["feature"].map(values.mean())
        parts.append(means.round(6).assign(retailer=retailer, clustering=clustering.name))
    return pd.concat(parts, ignore_index=True)


def name_clusters(centroids: Matrix, archetypes: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Name each centroid after an archetype, one to one, with the least sum of squared distances.

    Parameters
    ----------
    centroids
        Shape (k, columns), standardised.
    archetypes
        See :func:`assign`; only those with ``from_k`` up to k, or up to 2 for fewer clusters, take part. A
        feature that an archetype does not list does not count in its distances.
    columns
        Names of the columns.

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
    places = candidates.reindex(columns=list(columns)).to_numpy(dtype=np.float64)
    cost = np.nansum((centroids[:, np.newaxis] - places) ** 2, axis=2)
    _, matched = linear_sum_assignment(cost)
    return [str(name) for name in candidates.index[matched]]


def _centroids(space: Matrix, labels: Labels) -> Matrix:
    return np.array([space[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
