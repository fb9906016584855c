"""K-means clusters of customers, with names that survive another random start.

Source: SPEC of System B, "Clusters": k-means on the standardised logarithms of recency, frequency and
monetary; SPEC of System A, "Two clusterings": k-means on behaviour (time ratios, vitalities and RFM, reduced
by SVD) and on consumption (preference scores), of customers who use both channels. k = 2..10 is tried,
inertia and silhouette of each are kept. A cluster's number is chance, so each gets its name by matching its
centroid, one to one, to a named archetype.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.metrics import silhouette_samples, silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from palette.core.tables import empty

Matrix = NDArray[np.float64]
Labels = NDArray[np.int32]

CANDIDATES = range(2, 11)
STARTS = 30
COMPONENTS = 2
SILHOUETTE_SAMPLE = 10_000

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
    pandas.DataFrame
        Columns of ``DIAGNOSTICS_SCHEMA``: a row a retailer and k in 2..10. A retailer gets fewer rows when it
        has not more distinct customers than k, and one row is chosen: the k asked for, or the nearest one.
        The chosen row tells whether its clusters stand apart: at least ``LEAST_CUSTOMERS`` for each, and a
        silhouette above :func:`one_group_silhouette`.
    """
    parts = [empty(DIAGNOSTICS_SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        space, points = _spaces(rows.sort_values("customer_id"), clustering.of(rows))
        distinct = len(np.unique(space, axis=0))
        measured = [_measure(points, size, seed, silhouette_sample) for size in CANDIDATES if size < distinct]
        part = pd.DataFrame(measured, columns=["k", "inertia", "silhouette"])
        part = part.assign(
            retailer=retailer,
            clustering=clustering.name,
            customers=len(rows),
            is_chosen=False,
            one_group_silhouette=np.nan,
            stands_apart=None,
        )
        if measured:
            distance = -part["silhouette"] if k == "auto" else (part["k"] - k).abs()
            chosen = int(distance.to_numpy().argmin())
            size, _, silhouette = measured[chosen]
            bound = one_group_silhouette(points, size, seed)
            enough = len(rows) >= LEAST_CUSTOMERS * size
            part.loc[chosen, "is_chosen"] = True
            part.loc[chosen, "one_group_silhouette"] = bound
            part.loc[chosen, "stands_apart"] = enough and silhouette > bound
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def assign(
    features: pd.DataFrame,
    clustering: Clustering,
    *,
    chosen: pd.DataFrame,
    archetypes: pd.DataFrame,
    seed: int,
    silhouette_sample: int = SILHOUETTE_SAMPLE,
) -> pd.DataFrame:
    """Put every customer into a named cluster.

    Parameters
    ----------
    features, clustering, seed, silhouette_sample
        As for :func:`diagnose`.
    chosen
        Result of :func:`diagnose` for the same clustering; the row with ``is_chosen`` gives a retailer's
        number of clusters. A retailer without one (too few customers) has a single cluster, named by the
        nearest archetype.
    archetypes
        ``clustering``, ``cluster_name``, ``from_k`` (used when there are at least that many clusters),
        ``feature`` (one of the clustering's columns) and ``centroid``, where the archetype lies on it in
        standard deviations, of the logarithm where the clustering takes it.

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
    sizes = chosen[chosen["is_chosen"]].set_index("retailer")["k"]
    named = archetypes[archetypes["clustering"] == (clustering.archetypes or clustering.name)]
    parts = [empty(CLUSTERS_SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        ordered = rows.sort_values("customer_id")
        resolved = clustering.of(rows)
        space, points = _spaces(ordered, resolved)
        model = k_means(points, int(sizes.get(retailer, 1)), seed)
        names = name_clusters(_centroids(space, model.labels_), named, resolved)
        distances = np.linalg.norm(points - model.cluster_centers_[model.labels_], axis=1)
        places, _, _ = principal_components(space)
        parts.append(
            pd.DataFrame(
                {
                    "retailer": retailer,
                    "clustering": clustering.name,
                    "customer_id": ordered["customer_id"].to_numpy(),
                    "cluster_name": np.array(names, dtype=object)[model.labels_],
                    "distance_to_centroid": distances.round(6),
                    "component_1": places[:, 0].round(6),
                    "component_2": places[:, 1].round(6),
                    "silhouette": _silhouettes(points, model.labels_, seed, silhouette_sample),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def components(features: pd.DataFrame, clustering: Clustering) -> pd.DataFrame:
    """Say what the components of :func:`assign` are made of, a retailer at a time.

    Parameters
    ----------
    features, clustering
        As for :func:`diagnose`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``COMPONENTS_SCHEMA``: a row a retailer, component (1, 2) and column of the clustering.
    """
    parts = [empty(COMPONENTS_SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        resolved = clustering.of(rows)
        _, loadings, shares = principal_components(_space(rows.sort_values("customer_id"), resolved))
        parts.append(
            pd.DataFrame(
                {
                    "retailer": retailer,
                    "clustering": clustering.name,
                    "component": np.repeat(np.arange(1, COMPONENTS + 1), len(resolved.columns)),
                    "feature": resolved.columns * COMPONENTS,
                    "loading": loadings.ravel().round(6),
                    "variance_share": np.repeat(shares.round(6), len(resolved.columns)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def centres(features: pd.DataFrame, clusters: pd.DataFrame, clustering: Clustering) -> pd.DataFrame:
    """Compare the mean customer of each cluster with the mean of all customers clustered.

    Parameters
    ----------
    features, clustering
        As for :func:`diagnose`.
    clusters
        Result of :func:`assign`; other clusterings' rows are ignored.

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
        resolved = clustering.of(rows.drop(columns="cluster_name"))
        names = rows["cluster_name"]
        values = rows[list(resolved.columns)].astype(np.float64).rename_axis(columns="feature")
        space = pd.DataFrame(_space(rows, resolved), index=values.index, columns=values.columns)
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
    values = features.astype(np.float64)
    taken = list(features.columns if logarithms is None else logarithms)
    values[taken] = np.log1p(values[taken].clip(lower=0))
    return np.asarray(StandardScaler().fit_transform(values.to_numpy()), dtype=np.float64)


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
    with threadpool_limits(1):
        spreads, axes = np.linalg.eigh(np.atleast_2d(np.cov(points, rowvar=False)))
        stretched = axes * np.sqrt(spreads.clip(min=0))
        found = []
        for _ in range(DRAWS):
            drawn = rng.standard_normal((count, points.shape[1])) @ stretched.T
            labels = k_means(drawn, k, seed, starts=DRAW_STARTS).labels_
            found.append(silhouette_score(drawn, labels))
    return round(float(np.mean(found) + BEYOND * np.std(found)), 6)


def k_means(points: Matrix, k: int, seed: int, *, starts: int = STARTS) -> KMeans:
    """Fit k-means, the same whatever the number of threads."""
    # One thread: sums of several threads arrive in any order, and the last digits with them.
    with threadpool_limits(1):
        return KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(points)


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
    with threadpool_limits(1):
        if space.any():
            pca = PCA(min(COMPONENTS, *space.shape), svd_solver="full").fit(space)
            count = np.count_nonzero(pca.explained_variance_ratio_.round(6))
            axes = pca.components_[:count]
            # Rounded, since equal loadings, as of two shares that add up to 1, differ in their last digits.
            largest = np.abs(axes.round(6)).argmax(axis=1)
            loadings[:count] = axes * np.sign(axes[np.arange(count), largest])[:, np.newaxis]
            shares[:count] = pca.explained_variance_ratio_[:count]
        return space @ loadings.T, loadings, shares


def name_clusters(centroids: Matrix, archetypes: pd.DataFrame, clustering: Clustering) -> list[str]:
    """Name each centroid after an archetype, one to one, with the least sum of squared distances.

    Parameters
    ----------
    centroids
        Shape (k, number of the clustering's columns), standardised.
    archetypes
        See :func:`assign`; only those with ``from_k`` up to k, or up to 2 for fewer clusters, take part. A
        feature that an archetype does not list does not count in its distances.

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
    places = candidates.reindex(columns=list(clustering.columns)).to_numpy(dtype=np.float64)
    cost = np.nansum((centroids[:, np.newaxis] - places) ** 2, axis=2)
    _, matched = linear_sum_assignment(cost)
    return [str(name) for name in candidates.index[matched]]


def _space(rows: pd.DataFrame, clustering: Clustering) -> Matrix:
    """Return the standardised columns, where clusters are named."""
    return standardised(rows[list(clustering.columns)], clustering.logarithms)


def _spaces(rows: pd.DataFrame, clustering: Clustering) -> tuple[Matrix, Matrix]:
    """Return the standardised columns, and the points that k-means sees."""
    space = _space(rows, clustering)
    if clustering.components is None or not space.any():
        return space, space
    # The seed of the SVD is fixed, and that of k-means the user's: another start, the same points.
    svd = TruncatedSVD(min(clustering.components, space.shape[1]), random_state=0)
    with threadpool_limits(1):
        return space, np.asarray(svd.fit_transform(space), dtype=np.float64)


def _centroids(space: Matrix, labels: Labels) -> Matrix:
    return np.array([space[labels == label].mean(axis=0) for label in range(labels.max() + 1)])


def _measure(points: Matrix, k: int, seed: int, sample: int) -> tuple[int, float, float]:
    """Return k, inertia and silhouette."""
    model = k_means(points, k, seed)
    judged = _judged(model.labels_, seed, sample)
    with threadpool_limits(1):
        silhouette = silhouette_score(points[judged], model.labels_[judged])
    return k, round(float(model.inertia_), 6), round(float(silhouette), 6)


def _judged(labels: Labels, seed: int, sample: int) -> NDArray[np.int64]:
    """Draw the customers that silhouettes are computed on, one of each cluster among them."""
    drawn = np.random.default_rng(seed).permutation(len(labels))[:sample]
    one_of_each = np.unique(labels, return_index=True)[1]
    judged: NDArray[np.int64] = np.union1d(drawn, one_of_each)
    return judged


def _silhouettes(points: Matrix, labels: Labels, seed: int, sample: int) -> Matrix:
    """Return the silhouette of each customer of the sample, and nothing for the others."""
    found = np.full(len(labels), np.nan)
    judged = _judged(labels, seed, sample)
    if 1 < len(np.unique(labels)) < len(judged):
        with threadpool_limits(1):
            found[judged] = silhouette_samples(points[judged], labels[judged]).round(6)
    return found
