"""K-means, silhouettes and principal components, the same whatever the number of threads.

Nothing here knows of customers' columns: points go in, and labels, figures and directions come out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import euclidean_distances
from threadpoolctl import ThreadpoolController

Matrix = NDArray[np.float64]
Labels = NDArray[np.int32]
STARTS = 30
STARTS_SAMPLE = 20_000  # customers that starts are tried on; the best is finished on all
COMPONENTS = 2
BLOCK = 500  # customers whose distances to all others of the sample are held at a time
DRAWS, DRAWN, DRAW_STARTS = 19, 1_000, 5  # groups drawn, customers in each at most, starts of k-means
BEYOND = 1.645  # standard deviations of their silhouettes: one draw in twenty lies beyond
THREADS = ThreadpoolController()  # of the libraries above; looking for them takes longer than a small fit


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
    with THREADS.limit(limits=1):
        if len(points) <= STARTS_SAMPLE:
            return KMeans(k, n_init=starts, random_state=seed).fit(points)
        drawn = np.random.default_rng(seed).choice(len(points), STARTS_SAMPLE, replace=False)
        begun = KMeans(k, n_init=starts, random_state=seed).fit(points[drawn])
        return KMeans(k, init=begun.cluster_centers_, n_init=1, random_state=seed).fit(points)


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
    with THREADS.limit(limits=1):
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
    with THREADS.limit(limits=1):
        spreads, axes = np.linalg.eigh(np.atleast_2d(np.cov(points, rowvar=False)))
        stretched = axes * np.sqrt(spreads.clip(min=0))
        found = []
        for _ in range(DRAWS):
            drawn = rng.standard_normal((count, points.shape[1])) @ stretched.T
            labels = k_means(drawn, k, seed, starts=DRAW_STARTS).labels_
            found.append(silhouettes(drawn, [labels]).mean())
    return round(float(np.mean(found) + BEYOND * np.std(found)), 6)


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
    with THREADS.limit(limits=1):
        if space.any():
            pca = PCA(min(COMPONENTS, *space.shape), svd_solver="full").fit(space)
            count = np.count_nonzero(pca.explained_variance_ratio_.round(6))
            axes = pca.components_[:count]
            # Rounded, since equal loadings, as of two shares that add up to 1, differ in their last digits.
            largest = np.abs(axes.round(6)).argmax(axis=1)
            loadings[:count] = axes * np.sign(axes[np.arange(count), largest])[:, np.newaxis]
            shares[:count] = pca.explained_variance_ratio_[:count]
        return space @ loadings.T, loadings, shares
