import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from small_clusters import TILTED, blobs

from palette.segments import kmeans
from palette.segments.kmeans import k_means, principal_components, silhouettes


def test_principal_components_are_the_directions_of_most_variance():
    places, loadings, shares = principal_components(TILTED)
    root = np.sqrt(0.5)
    assert loadings == pytest.approx(np.array([[root, root], [root, -root]]))
    assert shares == pytest.approx([0.75, 0.25])
    assert places[[0, 3, 4, 7]] == pytest.approx(2 * root * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_loading_is_positive_and_the_first_of_equal_ones(sign: int):
    # y follows from x: one component, and rounding alone would choose the sign of the pair
    line = np.array([-1.0, 0.0, 1.0]) * np.sqrt(1.5)
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        places, loadings, shares = principal_components(np.column_stack([line, sign * line])[order])
        assert loadings == pytest.approx(np.array([[1.0, sign], [0.0, 0.0]]) * np.sqrt(0.5))
        assert shares == pytest.approx([1.0, 0.0])
        assert places == pytest.approx(np.column_stack([line[order] * np.sqrt(2), [0, 0, 0]]))


@pytest.mark.parametrize("space", [np.zeros((1, 3)), np.zeros((4, 3)), np.zeros((4, 1))])
def test_principal_components_are_0_without_variance(space: np.ndarray):
    places, loadings, shares = principal_components(space)
    assert (places.shape, loadings.shape) == ((len(space), 2), (2, space.shape[1]))
    assert not places.any()
    assert not loadings.any()
    assert not shares.any()


@pytest.mark.parametrize("customers", [1_000, 1_337])
def test_silhouettes_of_several_labelings_are_scikit_learns(customers: int):
    # more than a block; one cluster of a single customer, and some at one place
    rng = np.random.default_rng(customers)
    points = rng.normal(size=(customers, 3)).round(1)
    points[-5:] = points[0]
    labelings = [np.arange(customers) % k for k in (2, 5, 10)]
    labelings.append(np.r_[2, rng.integers(0, 2, customers - 1)])
    found = silhouettes(points, labelings)
    for own, labels in zip(found, labelings, strict=True):
        assert own == pytest.approx(silhouette_samples(points, labels), abs=1e-12)


def test_silhouettes_of_customers_at_one_place_are_0():
    assert not silhouettes(np.ones((4, 2)), [np.array([0, 0, 1, 1])]).any()
    assert silhouettes(np.ones((4, 2)), []).shape == (0, 4)


def test_a_start_on_a_sample_is_finished_on_all_customers(monkeypatch: pytest.MonkeyPatch):
    points = blobs(600, 6.0)[["x", "y"]].to_numpy()
    on_all = k_means(points, 2, 0)
    monkeypatch.setattr(kmeans, "STARTS_SAMPLE", 100)
    finished = k_means(points, 2, 0)
    assert finished.inertia_ == pytest.approx(on_all.inertia_)
    assert adjusted_rand_score(finished.labels_, on_all.labels_) == 1
    assert np.array_equal(k_means(points, 2, 0).cluster_centers_, finished.cluster_centers_)
