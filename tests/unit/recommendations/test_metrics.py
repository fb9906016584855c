from itertools import combinations
from math import log2

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, ndcg_score, precision_score, recall_score

from palette.recommendations.metrics import (
    KS,
    Bootstrap,
    coverage,
    diversity,
    novelty,
    ranking_metrics,
)

RANKING = ("recall", "precision", "map", "ndcg", "hit_rate")
SECOND = 1 / log2(3)  # discounts of ranks 2, 4 and 5; those of 1 and 3 are 1 and 1/2
FOURTH = 1 / log2(5)
FIFTH = 1 / log2(6)


def of_one(hits: list[int], relevant: int, k: int) -> list[float]:
    """Metrics of one customer's list, in the order of `RANKING`."""
    found = ranking_metrics(np.array([hits], dtype=bool), np.array([relevant]), (k,))
    assert set(found) == {(metric, k) for metric in RANKING}
    return [found[metric, k].item() for metric in RANKING]


def lists(*rows: list[int]) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64)


@pytest.mark.parametrize(
    ("hits", "relevant", "k", "expected"),
    [
        pytest.param(
            [1, 0, 1, 0, 0, 1],
            4,
            5,
            [2 / 4, 2 / 5, (1 / 1 + 2 / 3) / 4, (1 + 1 / 2) / (1 + SECOND + 1 / 2 + FOURTH), 1],
            id="fewer relevant than k, and a hit beyond it",
        ),
        pytest.param(
            [0, 1, 1, 0, 0],
            2,
            5,
            [2 / 2, 2 / 5, (1 / 2 + 2 / 3) / 2, (SECOND + 1 / 2) / (1 + SECOND), 1],
            id="all found, but not first",
        ),
        pytest.param(
            [0, 1, 0],
            7,
            3,
            [1 / 7, 1 / 3, (1 / 2) / 3, SECOND / (1 + SECOND + 1 / 2), 1],
            id="more relevant than k",
        ),
        pytest.param([1, 1], 5, 2, [2 / 5, 2 / 2, (1 / 1 + 2 / 2) / 2, 1, 1], id="nothing but hits"),
        pytest.param([0, 0, 0, 0, 1], 1, 5, [1, 1 / 5, 1 / 5, FIFTH, 1], id="last place"),
        pytest.param([0, 0, 0, 0, 0, 1], 1, 5, [0, 0, 0, 0, 0], id="one place too late"),
        pytest.param([1, 1, 0, 0, 0], 2, 5, [2 / 2, 2 / 5, 1, 1, 1], id="padded"),
        pytest.param([1, 1], 2, 5, [2 / 2, 2 / 5, 1, 1, 1], id="depth below k"),
        pytest.param([0], 1, 1, [0, 0, 0, 0, 0], id="one place"),
        pytest.param([], 3, 5, [0, 0, 0, 0, 0], id="no depth"),
    ],
)
def test_ranking_worked_by_hand(hits: list[int], relevant: int, k: int, expected: list[float]):
    assert of_one(hits, relevant, k) == pytest.approx(expected, abs=1e-12)


def test_ranking_order_counts_for_map_and_ndcg_only():
    early, late = of_one([1, 0, 0, 1, 0], 3, 5), of_one([0, 0, 1, 0, 1], 3, 5)
    changed = {metric for metric, one, other in zip(RANKING, early, late, strict=True) if one != other}
    assert changed == {"map", "ndcg"}
    assert early[2] > late[2]
    assert early[3] > late[3]


def test_ranking_has_a_value_a_customer_metric_and_k():
    hits = np.zeros((3, 12), dtype=bool)
    hits[0, 4], hits[1, 5], hits[2, 11] = True, True, True
    found = ranking_metrics(hits, np.array([1, 2, 4]))
    assert set(found) == {(metric, k) for metric in RANKING for k in (5, 10, 20)}
    assert all(values.shape == (3,) and values.dtype == np.float64 for values in found.values())
    assert found["recall", 5].tolist() == [1, 0, 0]
    assert found["recall", 10].tolist() == [1, 1 / 2, 0]
    assert found["recall", 20].tolist() == [1, 1 / 2, 1 / 4]
    assert found["precision", 20].tolist() == [1 / 20] * 3


@pytest.mark.slow
def test_ranking_agrees_with_scikit_learn_on_rankings_of_a_whole_catalogue():
    rng = np.random.default_rng(7)
    catalogue = 12
    truth = rng.random((200, catalogue)) < rng.uniform(0.05, 0.9, (200, 1))
    truth[np.arange(200), rng.integers(0, catalogue, 200)] = True
    scores = rng.permuted(np.tile(np.arange(catalogue, dtype=float), (200, 1)), axis=1)
    order = np.argsort(-scores, axis=1)
    hits = np.take_along_axis(truth, order, axis=1)
    found = ranking_metrics(hits, truth.sum(axis=1), (3, 5, catalogue, 20))
    assert set(found["hit_rate", 3]) == {0, 1}
    for k in (3, 5, catalogue, 20):
        gains = [ndcg_score(truth[[row]], scores[[row]], k=k) for row in range(200)]
        assert_allclose(found["ndcg", k], gains, atol=1e-12)
    for k in (3, 5, catalogue):
        listed = scores >= catalogue - k
        by_row = [(truth[row], listed[row]) for row in range(200)]
        assert_allclose(found["recall", k], [recall_score(*row) for row in by_row])
        assert_allclose(found["precision", k], [precision_score(*row) for row in by_row])
        assert_array_equal(found["hit_rate", k], (truth & listed).any(axis=1))
    for k in (catalogue, 20):
        averages = [average_precision_score(truth[row], scores[row]) for row in range(200)]
        assert_allclose(found["map", k], averages, atol=1e-12)


def test_average_precision_of_a_cut_list_is_that_of_the_list_without_the_rest():
    # What lies beyond k is gone: the metric is the library's on the first k, times hits by min(k, relevant).
    rng = np.random.default_rng(8)
    hits = rng.random((200, 9)) < 0.4
    relevant = hits.sum(axis=1) + rng.integers(1, 4, 200)
    found = ranking_metrics(hits, relevant, (4,))["map", 4]
    for row in range(200):
        first = hits[row, :4]
        whole = average_precision_score(first, [4, 3, 2, 1]) if first.any() else 0
        assert found[row] == pytest.approx(whole * first.sum() / min(4, relevant[row]))


def test_lists_that_end_early_are_those_that_are_padded():
    rng = np.random.default_rng(9)
    hits = rng.random((50, 7)) < 0.3
    relevant = hits.sum(axis=1) + 1
    padded = np.hstack([hits, np.zeros((50, 30), dtype=bool)])
    short, long = ranking_metrics(hits, relevant), ranking_metrics(padded, relevant)
    assert all((short[key] == long[key]).all() for key in long)


@pytest.mark.parametrize("relevant", [[1, 0], [-1, 2]])
def test_ranking_needs_relevant_items(relevant: list[int]):
    with pytest.raises(ValueError, match="at least one relevant item"):
        ranking_metrics(np.zeros((2, 5), dtype=bool), np.array(relevant))


def test_ranking_of_nobody():
    found = ranking_metrics(np.zeros((0, 5), dtype=bool), np.zeros(0, dtype=int))
    assert all(values.shape == (0,) for values in found.values())


def test_novelty_worked_by_hand():
    # Half, a quarter and an eighth of the customers bought items 0, 1 and 2: 1, 2 and 3 bits; item 3: 0.
    popularity = np.array([1 / 2, 1 / 4, 1 / 8, 1])
    items = lists([0, 1, 2], [2, 1, 0], [3, 2, -1], [3, -1, -1], [-1, -1, -1])
    found = novelty(items, popularity, (1, 2, 5))
    assert set(found) == {("novelty", 1), ("novelty", 2), ("novelty", 5)}
    assert_allclose(found["novelty", 1], [1, 3, 0, 0, np.nan])
    assert_allclose(found["novelty", 2], [(1 + 2) / 2, (3 + 2) / 2, (0 + 3) / 2, 0, np.nan])
    assert_allclose(found["novelty", 5], [6 / 3, 6 / 3, 3 / 2, 0, np.nan])


@pytest.mark.parametrize("wrong", [0, -0.1, 1.1, np.nan])
def test_popularities_are_shares_above_0(wrong: float):
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        novelty(lists([0, 1]), np.array([0.5, wrong]))


def test_diversity_worked_by_hand():
    categories = np.array([0, 0, 1, 2])
    items = lists([0, 1, 2, 3], [2, 0, 1, -1], [0, 1, -1, -1], [3, -1, -1, -1], [-1, -1, -1, -1])
    found = diversity(items, categories, (1, 2, 3, 5))
    assert set(found) == {("diversity", k) for k in (1, 2, 3, 5)}
    assert_allclose(found["diversity", 1], [np.nan] * 5)
    assert_allclose(found["diversity", 2], [0, 1, 0, np.nan, np.nan])
    assert_allclose(found["diversity", 3], [2 / 3, 2 / 3, 0, np.nan, np.nan])
    assert_allclose(found["diversity", 5], [5 / 6, 2 / 3, 0, np.nan, np.nan])  # all pairs but (0, 1)


def test_novelty_and_diversity_are_those_of_every_list_by_itself():
    rng = np.random.default_rng(3)
    popularity, categories = rng.uniform(0.01, 1, 40), rng.integers(-1, 5, 40)  # -1 is a category as well
    items = np.array([rng.permutation(40)[:25] for _ in range(100)])
    items[np.arange(25) >= rng.integers(2, 26, (100, 1))] = -1
    bits, mixed = novelty(items, popularity), diversity(items, categories)
    for k in KS:
        for row in range(100):
            listed = [item for item in items[row, :k] if item >= 0]
            assert bits["novelty", k][row] == pytest.approx(np.mean([-log2(popularity[i]) for i in listed]))
            pairs = [categories[one] != categories[other] for one, other in combinations(listed, 2)]
            assert mixed["diversity", k][row] == pytest.approx(np.mean(pairs))


def test_lists_without_places_have_neither_novelty_nor_diversity():
    nothing = np.zeros((2, 0), dtype=int)
    assert np.isnan(novelty(nothing, np.array([0.5]))["novelty", 5]).all()
    assert np.isnan(diversity(nothing, np.array([0]))["diversity", 5]).all()


@pytest.mark.parametrize("item", [-2, 2])
def test_items_are_codes_that_exist(item: int):
    with pytest.raises(ValueError, match="codes below 2"):
        novelty(lists([0, item]), np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="codes below 2"):
        diversity(lists([0, item]), np.array([0, 0]))


def test_coverage_worked_by_hand():
    items = lists([0, 1, 2], [1, 0, 9], [1, -1, -1])
    assert coverage(items, 10, 1) == 2 / 10
    assert coverage(items, 10, 2) == 2 / 10
    assert coverage(items, 10, 3) == coverage(items, 10, 20) == 4 / 10
    assert coverage(lists([-1, -1]), 10, 5) == 0


@pytest.mark.parametrize("catalogue", [0, 1])
def test_coverage_needs_a_catalogue_that_holds_the_items(catalogue: int):
    with pytest.raises(ValueError, match=f"catalogue of {catalogue} items"):
        coverage(lists([0, 1]), catalogue, 5)


def test_coverage_of_an_empty_catalogue_is_an_error_without_items_too():
    with pytest.raises(ValueError, match="catalogue of 0 items"):
        coverage(lists([-1, -1]), 0, 5)


def test_interval_is_close_to_the_normal_one():
    values = np.random.default_rng(11).normal(5, 2, (400, 1))
    low, high = Bootstrap.of(np.arange(400), seed=1).interval(values)
    half = 1.96 * values.std(ddof=1) / np.sqrt(400)
    assert low.item() == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert high.item() == pytest.approx(values.mean() + half, abs=0.15 * half)


def test_interval_is_that_of_the_resampled_means():
    rng = np.random.default_rng(12)
    customers = np.array(["b", "a", "c", "a", "d"])
    values = rng.normal(size=(5, 3))
    bootstrap = Bootstrap.of(customers, seed=1, resamples=40)
    means = []
    for weights in bootstrap.weights.astype(int):
        drawn = [row for row in range(5) for _ in range(weights["abcd".index(customers[row])])]
        means.append(values[drawn].mean(axis=0))
    assert_allclose(bootstrap.interval(values), np.percentile(means, [2.5, 97.5], axis=0))


def test_resamples_hold_as_many_customers_as_there_are():
    weights = Bootstrap.of(np.repeat(np.arange(300), 2), seed=1).weights
    assert weights.shape == (500, 300)
    assert weights.dtype == np.float32
    assert (weights.sum(axis=1) == 300).all()
    assert (weights > 0).mean() == pytest.approx(1 - np.exp(-1), abs=0.005)
    assert weights.mean(axis=0) == pytest.approx(np.ones(300), abs=0.25)


def test_interval_of_a_constant_is_the_constant():
    rng = np.random.default_rng(13)
    values = np.tile([0.0, 0.3, -7.0], (90, 1))
    low, high = Bootstrap.of(rng.integers(0, 40, 90), seed=1).interval(values)
    assert_allclose(low, values[0], rtol=1e-12)
    assert_allclose(high, values[0], rtol=1e-12)


def test_interval_contains_the_mean():
    rng = np.random.default_rng(14)
    values = rng.exponential(size=(200, 50))
    low, high = Bootstrap.of(rng.integers(0, 80, 200), seed=1).interval(values)
    assert low.shape == high.shape == (50,)
    assert (low < values.mean(axis=0)).all()
    assert (high > values.mean(axis=0)).all()


def test_rows_of_a_customer_are_drawn_together():
    customers = np.arange(100)
    values = np.random.default_rng(15).normal(size=(100, 4))
    once = Bootstrap.of(customers, seed=1).interval(values)
    twice = Bootstrap.of(np.tile(customers, 2), seed=1).interval(np.tile(values, (2, 1)))
    assert_allclose(twice, once)
    apart = Bootstrap.of(np.arange(200), seed=1).interval(np.tile(values, (2, 1)))
    assert (apart[1] - apart[0] < 0.85 * (once[1] - once[0])).all()  # too sure of itself by the root of 2


def test_order_of_the_rows_changes_nothing():
    rng = np.random.default_rng(16)
    customers, values = rng.integers(0, 30, 80), rng.normal(size=(80, 4))
    items, order = rng.integers(-1, 50, (80, 6)), rng.permutation(80)
    one, other = Bootstrap.of(customers, seed=1), Bootstrap.of(customers[order], seed=1)
    assert_allclose(one.interval(values), other.interval(values[order]))
    assert one.coverage_interval(items, 50, 5) == other.coverage_interval(items[order], 50, 5)


@pytest.mark.filterwarnings("error")
def test_rows_without_a_value_are_as_if_they_were_not_there():
    rng = np.random.default_rng(17)
    customers = np.repeat(np.arange(60), 2)
    values = rng.normal(size=(120, 3))
    values[:, 1] = np.nan
    values[1::2, 2] = np.nan  # every customer has the first row left
    low, high = Bootstrap.of(customers, seed=1).interval(values)
    assert np.isnan([low[1], high[1]]).all()
    first = Bootstrap.of(np.arange(60), seed=1).interval(values[::2, [2]])
    assert_allclose([low[[2]], high[[2]]], first)
    whole = Bootstrap.of(customers, seed=1).interval(values[:, [0]])
    assert_allclose([low[[0]], high[[0]]], whole)


@pytest.mark.filterwarnings("error")
def test_resamples_without_a_value_are_left_out():
    values = np.full((20, 2), np.nan)
    values[3, 0] = 4.0
    bootstrap = Bootstrap.of(np.arange(20), seed=1)
    assert (bootstrap.weights[:, 3] == 0).any()
    low, high = bootstrap.interval(values)
    assert_array_equal(low, [4, np.nan])
    assert_array_equal(high, [4, np.nan])
    assert np.isnan(bootstrap.interval(values[:, [1]])).all()
    assert [end.shape for end in bootstrap.interval(values[:, :0])] == [(0,), (0,)]


def test_interval_of_differences_is_narrower_than_the_difference_of_intervals():
    rng = np.random.default_rng(18)
    one = rng.normal(size=(300, 1))
    other = one + rng.normal(0.05, 0.1, (300, 1))
    bootstrap = Bootstrap.of(np.arange(300), seed=1)
    low, high = bootstrap.interval(other - one)
    assert 0 < low.item() < 0.05 < high.item() < 0.1
    assert bootstrap.interval(other)[0].item() < bootstrap.interval(one)[1].item()


def test_seed_decides():
    customers, values = np.arange(50), np.random.default_rng(19).normal(size=(50, 2))
    items = np.random.default_rng(20).integers(0, 80, (50, 5))
    one, same, other = (Bootstrap.of(customers, seed=seed) for seed in (1, 1, 2))
    assert_array_equal(one.interval(values), same.interval(values))
    assert one.coverage_interval(items, 80, 5) == same.coverage_interval(items, 80, 5)
    assert (np.array(one.interval(values)) != np.array(other.interval(values))).all()


def test_a_rival_is_the_one_that_is_most_surely_better():
    rng = np.random.default_rng(0)
    base = rng.random(200)
    steady, wild = base + 0.05 + rng.normal(0, 0.02, 200), base + 0.06 + rng.normal(0, 2, 200)
    rival, lead, low = Bootstrap.of(np.arange(200), seed=1).rivals(np.column_stack([base, steady, wild]))
    assert rival[0] == 1  # the other leads by more in the mean, or by nothing
    assert lead[0] == pytest.approx((steady - base).mean())
    assert 0.03 < low[0] < lead[0]
    assert low[1] < 0
    assert low[2] < 0


def test_equals_and_those_that_are_better_everywhere_need_no_spread():
    base = np.random.default_rng(0).random(40)
    rival, lead, low = Bootstrap.of(np.arange(40), seed=1).rivals(np.column_stack([base, base, base + 0.25]))
    assert rival.tolist() == [2, 2, 0]
    assert lead == pytest.approx([0.25, 0.25, -0.25])
    assert low == pytest.approx(lead)


def test_the_bound_of_two_is_half_of_a_usual_interval():
    rng = np.random.default_rng(3)
    values = rng.random((100, 2))
    bootstrap = Bootstrap.of(np.arange(100), seed=1, resamples=5_000)
    _, _, low = bootstrap.rivals(values)
    usual, _ = bootstrap.interval(values[:, [1]] - values[:, [0]])
    assert low[0] == pytest.approx(usual[0], rel=0.1)


def test_more_rivals_ask_for_a_clearer_lead():
    values = np.random.default_rng(3).random((100, 13))
    values[:, 1] += 0.3
    bootstrap = Bootstrap.of(np.arange(100), seed=1, resamples=5_000)
    (_, (lead, _), (alone, _)), (_, leads, among) = (
        bootstrap.rivals(values[:, :2]),
        bootstrap.rivals(values),
    )
    assert leads[0] == lead
    # Of normal leads that share one column, the greatest of twelve is beyond 2.6 spreads instead of 1.96.
    assert (lead - among[0]) / (lead - alone) == pytest.approx(2.6 / 1.96, rel=0.1)


def test_one_of_many_equals_is_rarely_found_beaten():
    beaten = 0
    for seed in range(100):
        values = np.random.default_rng(seed).random((60, 13))
        _, _, low = Bootstrap.of(np.arange(60), seed=seed, resamples=200).rivals(values)
        beaten += low[0] > 0
    assert beaten <= 8  # of intervals for each pair 18 would be


def test_the_best_column_is_never_beaten():
    values = np.random.default_rng(5).random((50, 6)) ** 4
    _, _, low = Bootstrap.of(np.repeat(np.arange(25), 2), seed=1).rivals(values)
    assert low[values.mean(axis=0).argmax()] <= 0


@pytest.mark.parametrize("k", KS)
def test_coverage_interval_holds_the_coverage(k: int):
    rng = np.random.default_rng(21)
    items = rng.geometric(0.01, (200, 12)) - 1
    items[rng.random(200) < 0.1] = -1
    bootstrap = Bootstrap.of(rng.integers(0, 90, 200), seed=1)
    low, high = bootstrap.coverage_interval(items, 1_500, k)
    assert 0 < low < coverage(items, 1_500, k) < high < 1


def test_coverage_interval_is_as_wide_as_the_resamples_spread():
    rng = np.random.default_rng(22)
    customers = np.repeat(np.arange(30), 2)
    items = rng.integers(-1, 200, (60, 7))
    bootstrap = Bootstrap.of(customers, seed=1, resamples=60)
    resampled = [coverage(items[drawn[customers]], 200, 5) for drawn in bootstrap.weights > 0]
    assert max(resampled) < coverage(items, 200, 5)
    low, high = bootstrap.coverage_interval(items, 200, 5)
    shift = coverage(items, 200, 5) - np.mean(resampled)
    assert [low, high] == pytest.approx(np.percentile(resampled, [2.5, 97.5]) + shift)


def test_coverage_interval_stays_between_0_and_1():
    bootstrap = Bootstrap.of(np.arange(20), seed=1)
    own = np.arange(20).reshape(20, 1)
    low, high = bootstrap.coverage_interval(own, 20, 5)
    assert 0.5 < low < 1
    assert high == 1
    assert bootstrap.coverage_interval(np.full((20, 3), -1), 20, 5) == (0, 0)
    low, high = bootstrap.coverage_interval(np.full((20, 3), 4), 7, 5)
    assert low <= 1 / 7 <= high  # the last digit must not put it outside
    assert (low, high) == pytest.approx((1 / 7, 1 / 7))


def test_one_customer_leaves_nothing_to_draw():
    bootstrap = Bootstrap.of(np.array(["one", "one"]), seed=1)
    low, high = bootstrap.interval(np.array([[1.0], [2.0]]))
    assert (low.item(), high.item()) == (1.5, 1.5)
    assert bootstrap.coverage_interval(lists([0, 1], [2, -1]), 4, 5) == (3 / 4, 3 / 4)


def test_bootstrap_needs_customers():
    with pytest.raises(ValueError, match="no customers"):
        Bootstrap.of(np.array([]), seed=1)


def test_bootstrap_needs_the_rows_it_was_made_for():
    bootstrap = Bootstrap.of(np.arange(5), seed=1)
    with pytest.raises(ValueError, match="dimension mismatch"):
        bootstrap.interval(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="dimension mismatch"):
        bootstrap.coverage_interval(lists([0], [1]), 4, 5)
