import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from palette.recommendations import scores as module
from palette.recommendations.scores import Dense, Factors, Scores, Shared, best_allowed

Matrix = NDArray[np.float32]

# Halves and whole numbers: products of them are exact, and many are equal.
VALUES = st.integers(-4, 6).map(lambda number: number / 2)
cells = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=VALUES)


@st.composite
def factors(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    """Return factors of customers and of items."""
    rows, items, width = (draw(st.integers(1, 7)) for _ in range(3))
    return tuple(draw(arrays(np.float32, (size, width), elements=VALUES)) for size in (rows, items))


def shared(table: Matrix, group: NDArray[np.int64]) -> Shared:
    return Shared(group, table, np.argsort(-table, axis=1, kind="stable"))


def agrees(scores: Scores, dense: Matrix, count: int) -> None:
    """Check that scores are those of a dense matrix, cell by cell and the best first."""
    row, item = np.indices(dense.shape).reshape(2, -1)
    assert_array_equal(scores.at(row, item), dense.ravel())
    assert_array_equal(scores.at(row[::-2], item[::-2]), dense.ravel()[::-2])
    assert_array_equal(scores.all(), dense)
    assert_array_equal(scores.all(np.arange(len(dense))[::-2]), dense[::-2])
    items, values = scores.leading(count)
    assert items.shape == values.shape
    assert items.shape[1] <= count
    for own, best, value in zip(dense, items, values, strict=True):
        expected = np.sort(own[own > 0])[::-1][:count]
        named = best[best >= 0]
        assert len(set(named.tolist())) == len(named) == len(expected)
        assert_array_equal(value, np.pad(expected, (0, len(value) - len(expected))))
        assert_array_equal(own[named], expected)  # the first places are the named ones
        assert_array_equal(best[len(named) :], -1)
    rows = np.arange(len(dense))[::-2]
    for part, whole in zip(scores.leading(count, rows), (items, values), strict=True):
        assert_array_equal(part, whole[rows][:, : part.shape[1]])
        assert (whole[rows][:, part.shape[1] :] <= 0).all()  # none are there that are not told


@given(cells, st.integers(1, 12))
def test_sparse_scores_are_the_dense_ones(dense: Matrix, count: int):
    agrees(Dense.of(csr_matrix(dense)), dense, count)


@given(factors(), st.integers(1, 9))
def test_a_sparse_product_is_the_dense_one(given_factors: tuple[Matrix, Matrix], count: int):
    customers, items = given_factors
    found = Dense.product(csr_matrix(customers), csr_matrix(items.T))
    agrees(found, customers @ items.T, count)


def test_weights_may_cancel_out():
    customers = csr_matrix(np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1]], dtype=np.float32))
    items = csr_matrix(np.array([[1.5, -2, 0], [-1.5, 2, 1], [0, 3, -1]], dtype=np.float32))
    agrees(Dense.product(customers, items), (customers @ items).toarray(), 3)
    assert Dense.product(customers, items).leading(3)[0].tolist() == [[1, -1], [1, -1], [0, 1]]


@given(cells, st.data(), st.integers(1, 12))
def test_shared_scores_are_those_of_the_group(table: Matrix, data: st.DataObject, count: int):
    group = np.array(data.draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=6)))
    agrees(shared(table, group), table[group], count)


@given(factors(), st.integers(1, 9))
def test_factors_score_by_their_product(given_factors: tuple[Matrix, Matrix], count: int):
    customers, items = given_factors
    agrees(Factors(customers, items), customers @ items.T, count)


def test_of_nobody_there_are_no_scores():
    none = np.zeros(0, dtype=np.int64)
    for scores in (
        Dense.of(csr_matrix((0, 4), dtype=np.float32)),
        shared(np.ones((1, 4), dtype=np.float32), none),
        Factors(np.zeros((0, 2), dtype=np.float32), np.ones((4, 2), dtype=np.float32)),
    ):
        assert len(scores.leading(3)[0]) == len(scores.leading(3)[1]) == 0
        assert len(scores.at(none, none)) == 0
        items, values = best_allowed(scores, np.ones((0, 4), dtype=bool), 3)
        assert items.shape == values.shape == (0, 3)


def test_scores_worked_by_hand():
    dense = np.array([[0, 2, 0.5, -1], [0, 0, 0, 0], [3, 0, 0, 1]], dtype=np.float32)
    items, values = Dense.of(csr_matrix(dense)).leading(2)
    assert items.tolist() == [[1, 2], [-1, -1], [0, 3]]
    assert values.tolist() == [[2, 0.5], [0, 0], [3, 1]]
    items, values = best_allowed(Dense.of(csr_matrix(dense)), np.array([[1, 0, 1, 1]] * 3, dtype=bool), 3)
    assert items.tolist() == [[2, -1, -1], [-1, -1, -1], [0, 3, -1]]
    assert values.tolist() == [[0.5, 0, 0], [0, 0, 0], [3, 1, 0]]


@settings(max_examples=60)
@given(st.data(), st.integers(1, 4), st.sampled_from([1, 3, 20]), st.sampled_from([0, 3, 20]))
def test_the_best_allowed_are_those_of_all(data: st.DataObject, count: int, kept: int, few: int):
    shape = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 14)))
    dense = data.draw(arrays(np.float32, shape, elements=VALUES))
    allowed = data.draw(arrays(bool, shape))
    group = np.arange(len(dense))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEPT", kept)  # the first look may hold too few, or all of them
        patch.setattr(module, "FEW", few)
        for scores in (
            Dense.of(csr_matrix(dense)),
            shared(dense, group),
            Factors(dense, np.eye(shape[1], dtype=np.float32)),
        ):
            items, values = best_allowed(scores, allowed, count)
            assert items.shape == values.shape == (len(dense), count)
            for own, may, best, value in zip(dense, allowed, items, values, strict=True):
                expected = np.sort(own[may & (own > 0)])[::-1][:count]
                named = best[best >= 0]
                assert may[named].all()
                assert len(set(named.tolist())) == len(named) == len(expected)
                assert_array_equal(own[named], expected)
                assert_array_equal(value, np.pad(expected, (0, count - len(expected))))
                assert_array_equal(best[len(named) :], -1)
            rows = np.arange(len(dense))[::2]
            for part, whole in zip(
                best_allowed(scores, allowed[rows], count, rows), (items, values), strict=True
            ):
                assert_array_equal(part, whole[rows])


@given(cells, st.integers(1, 12))
def test_equal_scores_are_by_item(dense: Matrix, count: int):
    dense = np.maximum(dense, 0)
    everything = np.ones(dense.shape, dtype=bool)
    expected = np.argsort(-dense, axis=1, kind="stable")[:, :count]
    expected = np.where(np.take_along_axis(dense, expected, axis=1) > 0, expected, -1)
    for scores in (Dense.of(csr_matrix(dense)), shared(dense, np.arange(len(dense)))):
        assert_array_equal(best_allowed(scores, everything, count)[0][:, : expected.shape[1]], expected)


def test_an_approximate_product_is_close():
    rng = np.random.default_rng(1)
    customers, items = (rng.normal(size=(size, 8)).astype(np.float32) for size in (9, 30))
    dense = customers.astype(np.float64) @ items.T
    row, item = np.indices(dense.shape).reshape(2, -1)
    assert_allclose(Factors(customers, items).at(row, item), dense.ravel(), rtol=1e-4, atol=1e-5)
    best, values = Factors(customers, items).leading(5)
    assert_array_equal(best, np.argsort(-dense, axis=1)[:, :5])
    assert_allclose(values, -np.sort(-dense, axis=1)[:, :5], rtol=1e-4)
