"""K-means clusters of customers, with names that survive another random start.

Source: SPEC of System B, "Clusters": k-means on the standardised logarithms of recency, frequency and
monetary; SPEC of System A, "Two clusterings": k-means on behaviour (time ratios, vitalities and RFM, reduced
by SVD) and on consumption (preference scores), of customers who use both channels. k = 2..10 is tried,
inertia and silhouette of each are kept. A cluster's number is chance, so each gets its name by matching its
centroid, one to one, to a named archetype.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyRelation
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.metrics import pairwise_distances_argmin
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.preprocessing import StandardScaler
from threadpoolctl import ThreadpoolController

from palette.core.learned import objects
from palette.core.tables import empty, frame

Matrix = NDArray[np.float64]
Labels = NDArray[np.int32]

CANDIDATES = range(2, 11)
STARTS = 30
STARTS_SAMPLE = 20_000  # customers that starts are tried on; the best is finished on all
COMPONENTS = 2
SILHOUETTE_SAMPLE = 10_000
BLOCK = 500  # customers whose distances to all others of the sample are held at a time

# Clusters stand apart when their silhouette is beyond what k-means finds where there is one group only.
LEAST_CUSTOMERS = 10  # in a cluster, on average
DRAWS, DRAWN, DRAW_STARTS = 19, 1_000, 5  # groups drawn, customers in each at most, starts of k-means
BEYOND = 1.645  # standard deviations of their silhouettes: one draw in twenty lies beyond

KEYS = ["retailer", "customer_id"]
TIME_RATIOS = ("r_weekday", "r_weekend", "r_dawn", "r_afternoon", "r_dinner")
VITALITIES = ("offline_vitality", "online_vitality")
RFM_COLUMNS = ("recency_days", "frequency", "monetary")


@dataclass(frozen=True)
class Clustering:
    """A way to cluster customers.

    Attributes
    ----------
    name
        Its name.
    columns
        What it looks at. Empty: everything in the features that is not 0 throughout, in alphabetical order.
    logarithms
        Those of the columns that count by their logarithm, what is below 0 as 0; all of them when None.
    components
        Number of SVD components that k-means sees instead of the standardised columns; None: no reduction.
    archetypes
        What the seed table calls its archetypes, where that is not its name.
    """

    name: str
    columns: tuple[str, ...] = ()
    logarithms: tuple[str, ...] | None = None
    components: int | None = None
    archetypes: str | None = None

    def of(self, rows: pd.DataFrame) -> "Clustering":
        """Return the clustering with the columns that it has on these customers."""
        if self.columns:
            return self
        found = sorted(name for name in rows.columns.difference(KEYS) if rows[name].any())
        return replace(self, columns=tuple(found))


# Two of the ten columns follow from others (time ratios add up to 1), and two more nearly repeat how much is
# bought: six components hold 95 % of the demo retailer's variance, and k-means finds its types in them as
# well as in eight (adjusted Rand index 0.77; in four 0.75, in two 0.73).
BEHAVIOUR_COMPONENTS = 6

RFM = Clustering("rfm", RFM_COLUMNS)
BEHAVIOUR = Clustering(
    "behaviour",
    (*TIME_RATIOS, *VITALITIES, *RFM_COLUMNS),
    logarithms=(*VITALITIES, *RFM_COLUMNS),
    components=BEHAVIOUR_COMPONENTS,
)
# Where nobody uses both channels, times and RFM are what tells how people shop.
ONE_CHANNEL = Clustering(
    "behaviour",
    (*TIME_RATIOS, *RFM_COLUMNS),
    logarithms=RFM_COLUMNS,
    components=BEHAVIOUR_COMPONENTS,
    archetypes="behaviour_one_channel",
)
CONSUMPTION = Clustering("consumption", logarithms=())

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
        with _THREADS.limit(limits=1):
            return replace(unreduced, reduction=svd.fit(space).components_.T)

    def standardised(self, rows: pd.DataFrame) -> Matrix:
        """Return the standardised columns of customers."""
        space: Matrix = (_values(rows, self.columns, self.logarithms) - self.means) / self.scales
        return space

    def points(self, space: Matrix) -> Matrix:
        """Return the points of standardised customers."""
        if not self.reduction.size:
            return space
        with _THREADS.limit(limits=1):
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
        See :func:`principal_components`.
    customers
        Number of customers it was learned from.
    sizes, inertias, silhouettes
        The numbers of clusters that were tried, and what came of each; none with too few customers.
    one_group_silhouette
        See :func:`one_group_silhouette`; 0 where nothing was tried.
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
_THREADS = ThreadpoolController()  # of the libraries above; looking for them takes longer than a small fit


class ArchetypeError(ValueError):
    """The seed table of archetypes has too few names for the number of clusters."""


def populations(
    customer_rfm: pd.DataFrame, features: pd.DataFrame, category_scores: pd.DataFrame
) -> list[tuple[Clustering, pd.DataFrame]]:
    """Pair each clustering with the customers it is fitted on.

    Parameters
    ----------
    customer_rfm
        One row a customer: ``retailer``, ``customer_id`` and the columns of ``RFM``.
    features
        One row a customer: ``retailer``, ``customer_id``, ``channel_group`` and the columns of ``BEHAVIOUR``.
    category_scores
        See :func:`wide`; ``pf_score`` is what ``CONSUMPTION`` looks at.

    Returns
    -------
    list of (Clustering, pandas.DataFrame)
        RFM with all customers; behaviour and consumption with those whose ``channel_group`` is ``both``, or
        with everybody of a retailer that nobody uses both channels of and that has more than one category.
    """
    both = features[features["channel_group"] == "both"]
    categories = category_scores.groupby("retailer")["super_category"].nunique()
    alone = features[
        ~features["retailer"].isin(both["retailer"])
        & features["retailer"].isin(categories.index[categories > 1])
    ]
    tasted = pd.concat([both[KEYS], alone[KEYS]])
    return [
        (RFM, customer_rfm),
        (BEHAVIOUR, both),
        *([(ONE_CHANNEL, alone)] if len(alone) else []),
        (CONSUMPTION, with_categories(tasted, category_scores, "pf_score")),
    ]


def read_populations(
    customer_rfm: DuckDBPyRelation, features: DuckDBPyRelation, category_scores: DuckDBPyRelation
) -> list[tuple[Clustering, pd.DataFrame]]:
    """Read what :func:`populations` needs of the marts it is made of, and no more."""
    return populations(
        frame(customer_rfm, [*KEYS, *RFM.columns]),
        frame(features, [*KEYS, "channel_group", *BEHAVIOUR.columns]),
        frame(category_scores, [*KEYS, "super_category", "pf_score"]),
    )


def wide(category_scores: pd.DataFrame, value: str) -> pd.DataFrame:
    """Turn category scores, a row a customer and category, into a row a customer.

    Parameters
    ----------
    category_scores
        ``retailer``, ``customer_id``, ``super_category`` and scores; no row where a customer bought nothing.
    value
        Name of the score to take.

    Returns
    -------
    pandas.DataFrame
        ``retailer``, ``customer_id`` and a column a super-category, in alphabetical order; 0 where there is
        no row. Sorted by customer.
    """
    pivoted = category_scores.pivot(index=KEYS, columns="super_category", values=value)
    return pivoted.astype(np.float64).fillna(0.0).rename_axis(columns=None).reset_index()


def with_categories(customers: pd.DataFrame, category_scores: pd.DataFrame, value: str) -> pd.DataFrame:
    """Join the columns of :func:`wide` to customers, 0 for those without any score."""
    scores = wide(category_scores, value)
    joined = customers.merge(scores, on=KEYS, how="left")
    return joined.fillna(dict.fromkeys(scores.columns.drop(KEYS), 0.0))


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


def diagnostics(fits: Fits) -> pd.DataFrame:
    """Tell how well k-means did with every candidate number of clusters.

    Parameters
    ----------
    fits
        Results of :func:`fit`, of one clustering or several.

    Returns
    -------
    pandas.DataFrame
        Columns of ``DIAGNOSTICS_SCHEMA``: a row a retailer and k that was tried, of which one is chosen. Its
        row tells whether the clusters stand apart: at least ``LEAST_CUSTOMERS`` for each, and a silhouette
        above :func:`one_group_silhouette`.
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
        What was given to :func:`fit`.
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
        of :func:`principal_components`, the same whatever the clusters. The silhouette is that of the
        customers of the sample, and missing for the others and where there is one cluster.

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
        with _THREADS.limit(limits=1):
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
        Results of :func:`fit`, of one clustering or several.

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


def standardised(features: pd.DataFrame, logarithms: tuple[str, ...] | None = None) -> Matrix:
    """Bring each column to mean 0 and standard deviation 1, after the natural logarithm of 1 + x.

    Parameters
    ----------
    features
        Numbers only.
    logarithms
        Columns that the logarithm is taken of; all of them when None. What is below 0, as the revenue of a
        customer who sent back more than they kept, counts as 0.
    """
    return Space.of(features, Clustering("", tuple(features.columns), logarithms)).standardised(features)


def one_group_silhouette(points: Matrix, k: int, seed: int) -> float:
    """Return the silhouette that k-means hardly ever exceeds where there is one group only.

    Parameters
    ----------
    points
        Where k-means works, shape (customers, columns).
    k
        Number of clusters.
    seed
        Seed of the draws.

    Returns
    -------
    float
        Of ``DRAWS`` groups, each as many customers (``DRAWN`` at most) from the normal distribution with the
        points' covariance: the mean silhouette of their k clusters and ``BEYOND`` standard deviations.
    """
    count = max(min(len(points), DRAWN), k + 2)
    rng = np.random.default_rng(seed)
    with _THREADS.limit(limits=1):
        spreads, axes = np.linalg.eigh(np.atleast_2d(np.cov(points, rowvar=False)))
        stretched = axes * np.sqrt(spreads.clip(min=0))
        found = []
        for _ in range(DRAWS):
            drawn = rng.standard_normal((count, points.shape[1])) @ stretched.T
            labels = k_means(drawn, k, seed, starts=DRAW_STARTS).labels_
            found.append(silhouettes(drawn, [labels]).mean())
    return round(float(np.mean(found) + BEYOND * np.std(found)), 6)


def silhouettes(points: Matrix, labelings: Sequence[Labels]) -> Matrix:
    """Measure how much nearer each customer is to the own cluster than to the next one.

    Parameters
    ----------
    points
        Shape (customers, columns).
    labelings
        Clusters of the customers, numbered from 0, at least two of each labeling, none of them empty. The
        distances between customers, which cost most, are taken once for all of them.

    Returns
    -------
    numpy.ndarray
        Silhouette coefficients, shape (labelings, customers), as scikit-learn's ``silhouette_samples``: 0 for
        a cluster of one. A block of distances at a time bounds the memory.
    """
    found = np.zeros((len(labelings), len(points)))
    if not labelings:
        return found
    members = [np.eye(labels.max() + 1)[labels] for labels in labelings]
    sizes = [each.sum(axis=0) for each in members]
    ends = np.cumsum([len(each) for each in sizes])[:-1]
    together = np.hstack(members)
    with _THREADS.limit(limits=1):
        for first in range(0, len(points), BLOCK):
            block = slice(first, first + BLOCK)
            distances = euclidean_distances(points[block], points)
            rows = np.arange(len(distances))
            distances[rows, first + rows] = 0  # not only nearly so
            for found_of, labels, size, sums in zip(
                found, labelings, sizes, np.split(distances @ together, ends, axis=1), strict=True
            ):
                own = labels[block]
                within = sums[rows, own] / np.maximum(size[own] - 1, 1)
                sums[rows, own] = np.inf
                nearest = (sums / size).min(axis=1)
                larger = np.maximum(within, nearest)
                is_measured = (size[own] > 1) & (larger > 0)
                np.divide(nearest - within, larger, out=found_of[block], where=is_measured)
    return found


def k_means(points: Matrix, k: int, seed: int, *, starts: int = STARTS) -> KMeans:
    """Fit k-means, the same whatever the number of threads.

    Parameters
    ----------
    points
        Shape (customers, columns). With more than ``STARTS_SAMPLE``, the best start is found on a sample of
        as many, and finished on all.
    k
        Number of clusters.
    seed
        Seed of the starts and of the sample.
    starts
        Number of starts, of which the one with the least inertia is taken.
    """
    # One thread: sums of several threads arrive in any order, and the last digits with them.
    with _THREADS.limit(limits=1):
        if len(points) <= STARTS_SAMPLE:
            return KMeans(k, n_init=starts, random_state=seed).fit(points)
        drawn = np.random.default_rng(seed).choice(len(points), STARTS_SAMPLE, replace=False)
        begun = KMeans(k, n_init=starts, random_state=seed).fit(points[drawn])
        return KMeans(k, init=begun.cluster_centers_, n_init=1, random_state=seed).fit(points)


def principal_components(space: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Find the two directions in which customers differ most, for a picture of them.

    Parameters
    ----------
    space
        Standardised, shape (customers, columns).

    Returns
    -------
    places
        Shape (customers, 2): sums of loading times standardised column.
    loadings
        Shape (2, columns). The squares of a component's loadings add up to 1; the largest of them, on a tie
        the first, is positive. All are 0 where there is no such component, or no variance on it.
    variance_shares
        Shape (2,): share of the total variance on each component.
    """
    loadings, shares = np.zeros((COMPONENTS, space.shape[1])), np.zeros(COMPONENTS)
    with _THREADS.limit(limits=1):
        if space.any():
            pca = PCA(min(COMPONENTS, *space.shape), svd_solver="full").fit(space)
            count = np.count_nonzero(pca.explained_variance_ratio_.round(6))
            axes = pca.components_[:count]
            # Rounded, since equal loadings, as of two shares that add up to 1, differ in their last digits.
            largest = np.abs(axes.round(6)).argmax(axis=1)
            loadings[:count] = axes * np.sign(axes[np.arange(count), largest])[:, np.newaxis]
            shares[:count] = pca.explained_variance_ratio_[:count]
        return space @ loadings.T, loadings, shares


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


def _centroids(space: Matrix, labels: Labels) -> Matrix:
    return np.array([space[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
