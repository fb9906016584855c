from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_limits

from palette.recommendations import models as module
from palette.recommendations.history import History, Purchases, purchases_of
from palette.recommendations.models import (
    EASE_ITEMS,
    Als,
    Ease,
    GoesWith,
    GroupPopularity,
    Model,
    OwnFrequency,
    OwnThenPopular,
    Popularity,
    RecentPopularity,
    baselines,
    components,
    groups_of,
)

Make = Callable[..., Purchases]
NAMES = [model.name for model in (*baselines(), *components(items=20))]
every_model = pytest.mark.parametrize("name", NAMES)


def new(name: str) -> Model:
    return next(model for model in (*baselines(), *components(items=20)) if model.name == name)


def everybody(history: History) -> np.ndarray:
    return np.arange(history.shape[0])


def scores_of(model: Model, history: History) -> np.ndarray:
    """Scores of everybody by a model of the same moment."""
    return model.fit(history).score(history, everybody(history))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Keep the threads of BLAS and of ALS from waiting for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def rows(town: Callable) -> list[tuple]:
    """Return 100 days of two tastes; five customers come after the 80th, and jam is new on the 90th."""
    late = [(f"late-{number}", item, 81 + number) for number in range(5) for item in ("tea-01", "nut-02")]
    jam = [(f"tea-{number:03}", "jam-new", 90) for number in range(1, 9, 2)]
    return [*town(60, 99), *late, *jam, ("nut-000", "nut-00", 100)]


@pytest.fixture(scope="module")
def history(rows: list[tuple], purchases: Make) -> History:
    """Return what is known on day 80 of 100."""
    return History(purchases(rows, unsold=["zip-a", "zip-b"]), days_back=20)


# ---- every model


def test_a_big_catalogue_has_no_item_by_item_matrix():
    names = [model.name for model in components(EASE_ITEMS)]
    assert "ease" in names
    assert [model.name for model in components(EASE_ITEMS + 1)] == [name for name in names if name != "ease"]


@every_model
def test_every_item_has_a_finite_score_for_each_customer_asked_for(name: str, history: History):
    model = new(name)
    assert model.fit(history) is model
    for customers in (everybody(history), np.array([7, 3]), np.array([], dtype=np.int64)):
        scores = model.score(history, customers)
        assert isinstance(scores, np.ndarray)
        assert scores.shape == (len(customers), history.shape[1])
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()


@every_model
def test_a_customers_scores_do_not_depend_on_who_else_is_asked_for(name: str, history: History):
    model = new(name).fit(history)
    asked = np.array([41, 3, 3, 17])
    everyones = model.score(history, everybody(history))
    assert_allclose(model.score(history, asked), everyones[asked], rtol=1e-4, atol=1e-6)


@every_model
def test_scores_are_not_shared_with_the_caller(name: str, history: History):
    model = new(name).fit(history)
    expected = model.score(history, everybody(history)).copy()
    model.score(history, everybody(history))[:] = -1
    assert_array_equal(model.score(history, everybody(history)), expected)


@every_model
def test_the_same_seed_gives_the_same_scores(name: str, history: History):
    again = History(history.purchases, history.days_back, history.seed)
    assert_array_equal(scores_of(new(name), again), scores_of(new(name), history))


@every_model
def test_scores_do_not_depend_on_the_order_of_the_rows(name: str, rows: list[tuple], tables: Callable):
    bought, items = tables(rows)
    shuffled = [table.sample(frac=1, random_state=5) for table in (bought, items)]
    one, other = (History(purchases_of("shop", *pair)) for pair in ((bought, items), shuffled))
    assert_array_equal(scores_of(new(name), one), scores_of(new(name), other))


@every_model
def test_a_model_sees_nothing_after_its_moment(name: str, rows: list[tuple], purchases: Make):
    later = [(customer, item, 130 - day / 4) for customer, item, day in rows]
    later += [("late-0", "jam-new", day / 10) for day in range(1_001, 1_300)]
    for days_back in (0, 20):  # on day 80 some customers have not bought yet
        known = History(purchases(rows), days_back)
        again = History(purchases([*rows, *later, ("nut-000", "nut-00", 130)]), days_back + 30)
        assert again.moment == known.moment
        assert_array_equal(scores_of(new(name), again), scores_of(new(name), known))


@every_model
def test_customers_without_purchases_are_scored_too(name: str, history: History):
    nobody = np.flatnonzero(history.customer_orders == 0)
    assert len(nobody) == 5
    scores = new(name).fit(history).score(history, nobody)
    assert (scores == scores[0]).all()
    personal = {"own_frequency", "own_recent_frequency", "item_cosine", "bm25", "goes_with", "als", "ease"}
    assert scores.any() == (name not in personal)


@every_model
def test_customers_whom_a_model_never_saw_are_scored_by_a_later_history(name: str, history: History):
    now = History(history.purchases)
    late = np.flatnonzero((history.customer_orders == 0) & (now.customer_orders > 0))
    scores = new(name).fit(history).score(now, late)
    assert np.isfinite(scores).all()
    assert scores.any(axis=1).all()


@every_model
def test_an_item_that_nobody_bought_is_never_the_first(name: str, history: History):
    sold = history.buyers > 0
    assert history.purchases.items["item_id"][~sold].tolist() == ["jam-new", "zip-a", "zip-b"]
    scores = scores_of(new(name), history)
    best, unsold = scores[:, sold].max(axis=1), scores[:, ~sold].max(axis=1)
    assert (best >= unsold).all()
    known = history.customer_orders > 0
    assert (best > unsold)[known].mean() > (0.9 if name == "goes_with" else 0.999)  # last orders of one item


@pytest.mark.parametrize(
    "name", ["cluster_popularity", "palette_popularity", "item_cosine", "bm25", "goes_with", "als", "ease"]
)
def test_tastes_are_learned(name: str, purchases: Make, town: Callable):
    # what the customer has not bought: the own taste's items score higher than the other taste's. System B's
    # clusters do not look at tastes, and are here to show that the others do not owe it to the popularity.
    history = History(purchases(town(200, 60)))
    scores = scores_of(new(name), history).astype(np.float64)
    tea = history.purchases.items["super_category"].to_numpy() == "tea"
    fond = np.array([customer.startswith("tea") for customer in history.purchases.customers])
    fresh = np.where(history.bought.toarray() > 0, np.nan, scores)
    lead = np.nanmean(fresh[:, tea], axis=1) - np.nanmean(fresh[:, ~tea], axis=1)
    right = (np.where(fond, lead, -lead) > 0).mean()
    assert right < 0.7 if name == "cluster_popularity" else right > 0.8


# ---- what everybody buys


def test_popularity_counts_buyers(purchases: Make):
    rows = [("ann", "nut", day) for day in range(5)]
    rows += [(customer, "tea", 1) for customer in ("ann", "ben", "cat")]
    scores = scores_of(Popularity(), History(purchases(rows, unsold=["zip"])))
    assert scores.tolist() == [[1, 3, 0]] * 3


def test_recent_popularity_halves_in_a_week(purchases: Make):
    rows = [
        ("ann", "nut", 0),
        ("ann", "nut", 7),
        ("ben", "nut", 14),
        ("ben", "tea", 14),
        ("ben", "oat", 10.5),
    ]
    history = History(purchases(rows, unsold=["zip"]))
    # ages: nut 14, 7 and 0, oat 3.5, tea 0
    assert_allclose(scores_of(RecentPopularity(), history), [[0.25 + 0.5 + 1, 0.5**0.5, 1, 0]] * 2)
    longer = RecentPopularity(half_life=14)
    assert_allclose(scores_of(longer, history), [[0.5 + 0.5**0.5 + 1, 0.5**0.25, 1, 0]] * 2, rtol=1e-6)


def test_what_is_new_overtakes_what_was_always_bought(purchases: Make):
    rows = [("ann", "old", day) for day in range(0, 35, 7)] + [("ben", "new", 34), ("cat", "new", 35)]
    history = History(purchases(rows))  # old: 0.5 ** (1 + 2 + ...) of ages 7 to 35: less than 1
    assert scores_of(RecentPopularity(), history)[0].argmax() == 0
    assert scores_of(OwnThenPopular(), history)[0].argmax() == 1


# ---- what the customer buys


def test_own_frequency_counts_the_customers_orders(purchases: Make):
    rows = [("ann", "tea", day, {"units": 9}) for day in (0, 60, 120)]
    rows += [("ann", "nut", 120), ("ben", "nut", 60)]
    history = History(purchases(rows))
    assert scores_of(OwnFrequency(), history).tolist() == [[1, 3], [1, 0]]
    decayed = scores_of(OwnFrequency("own_recent_frequency", decay=True), history)
    assert_allclose(decayed, [[1, 1 + 0.5 + 0.25], [0.5, 0]])


def test_own_frequency_is_of_the_history_that_is_scored(purchases: Make):
    known = purchases([("ann", "tea", 0), ("ann", "nut", 9), ("ann", "nut", 10)])
    early, now = History(known, days_back=5), History(known)
    assert OwnFrequency().fit(early).score(now, np.array([0])).tolist() == [[2, 1]]
    assert OwnFrequency().fit(now).score(early, np.array([0])).tolist() == [[0, 1]]


def test_own_then_popular_lets_popularity_decide_between_equals_only(purchases: Make):
    rows = [("ann", "tea", 0), ("ann", "tea", 1), ("ann", "nut", 1), ("ann", "egg", 2), ("cat", "egg", 0)]
    rows += [(customer, "jam", 1) for customer in ("ben", "cat", "dan", "eve")]
    history = History(purchases(rows, unsold=["zip"]))
    scores = scores_of(OwnThenPopular(), history)
    # buyers: egg 2, jam 4, nut 1, tea 1, zip 0; the greatest number is 4, and 4 / 5 is less than one order
    assert_allclose(scores[0], [1 + 2 / 5, 4 / 5, 1 + 1 / 5, 2 + 1 / 5, 0])
    assert_allclose(scores[1], [2 / 5, 1 + 4 / 5, 1 / 5, 1 / 5, 0])


# ---- what the group buys


def test_group_popularity_is_the_share_of_the_group(purchases: Make):
    # four pairs, like each other in recency, frequency and amount; each bought two things
    baskets = {
        "ann": (99, 1, "egg", "jam"),
        "amy": (99, 1, "egg", "nut"),
        "ben": (99, 900, "egg", "jam"),
        "bob": (99, 900, "egg", "jam"),
        "cat": (9, 1, "nut", "tea"),
        "cid": (9, 1, "nut", "tea"),
        "dan": (9, 900, "jam", "oat"),
        "dot": (9, 900, "tea", "nut"),
    }
    rows = [
        (customer, item, day, {"amount": amount})
        for customer, (day, amount, *items) in baskets.items()
        for item in items
    ]
    rows += [("eve", "oat", 150)]
    known = purchases(rows)
    model = GroupPopularity("cluster_popularity", "cluster").fit(History(known, days_back=50))
    scores = model.score(History(known), np.arange(9))
    assert known.customers.tolist() == ["amy", "ann", "ben", "bob", "cat", "cid", "dan", "dot", "eve"]
    # egg, jam, nut, oat, tea
    assert_allclose(scores[0], [1, 0.5, 0.5, 0, 0])
    assert_allclose(scores[1], [1, 0.5, 0.5, 0, 0])
    assert_allclose(scores[2:4], [[1, 1, 0, 0, 0]] * 2)
    assert_allclose(scores[4:6], [[0, 0, 1, 0, 1]] * 2)
    assert_allclose(scores[6:8], [[0, 0.5, 0.5, 0.5, 0.5]] * 2)
    # eve was of no group then: what all eight bought
    assert_allclose(scores[8], [4 / 8, 4 / 8, 4 / 8, 1 / 8, 3 / 8])


# The last time of four weeks is on Friday or Saturday four days before the moment, the noon of day 30.
FRIDAY = {"noon": (4.6, "offline"), "dinner": (4.85, "offline"), "online": (4.6, "online")}
SATURDAY = {"noon": (5.45, "offline"), "dawn": (5.2, "offline"), "online": (5.45, "online")}


@pytest.mark.parametrize(
    "behaviours",
    [
        pytest.param(FRIDAY | {"weekend": SATURDAY["noon"]}, id="dinner and weekend"),
        pytest.param(SATURDAY | {"weekday": FRIDAY["noon"]}, id="dawn and weekday"),
    ],
)
def test_palette_groups_are_of_times_channels_and_tastes(
    behaviours: dict[str, tuple[float, str]], purchases: Make
):
    rows = [
        (f"{behaviour} {taste} {copy}", f"{taste}-{line}", start + 7 * week, {"channel": channel})
        for behaviour, (start, channel) in behaviours.items()
        for taste in ("food", "home", "play")
        for copy in range(3)
        for week in range(4)
        for line in range(2)
    ]
    history = History(purchases([*rows, ("late", "food-0", 40.5)]), days_back=10)
    groups, count = groups_of(history, "palette")
    assert count == 4 * 3
    found = dict(zip(history.purchases.customers, groups.tolist(), strict=True))
    assert found.pop("late") == -1
    # as many groups as kinds, and one group a kind
    kinds = {(customer.rsplit(" ", 1)[0], group) for customer, group in found.items()}
    assert len(kinds) == len(set(found.values())) == 12
    # System B's clusters look at recency, frequency and amount alone, and these are all equal
    assert len(np.unique(history.scores[groups >= 0], axis=0)) == 1


@pytest.mark.parametrize("grouping", ["cluster", "palette"])
@pytest.mark.parametrize("customers", [1, 2, 3, 4])
def test_few_customers_are_groups_of_their_own(grouping: str, customers: int, purchases: Make):
    rows = [(f"{number}", f"item {number}", number) for number in range(customers)]
    history = History(purchases([*rows, ("late", "tea", 9)]), days_back=5)
    groups, count = groups_of(history, grouping)
    assert groups.max() < count
    assert groups[-1] == -1
    if grouping == "cluster" or customers < 4:
        assert len(set(groups)) == customers + 1


# ---- what goes together


def test_item_cosine_is_the_buyers_of_both_by_the_root_of_those_of_each(purchases: Make):
    baskets = {"ann": ["jam", "nut"], "ben": ["jam"], "cat": ["jam", "nut", "oat"], "dan": ["oat"]}
    rows = [(customer, item, 0) for customer, items in baskets.items() for item in items]
    rows += [("ben", "jam", 3)]  # a second order is no second buyer
    scores = scores_of(new("item_cosine"), History(purchases(rows, unsold=["zip"])))
    jam_nut, jam_oat, nut_oat = 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 2), 1 / np.sqrt(2 * 2)
    assert_allclose(scores[1], [1, jam_nut, jam_oat, 0, 0][:4], rtol=1e-6)
    assert_allclose(scores[3], [jam_oat, nut_oat, 1, 0], rtol=1e-6)
    assert_allclose(scores[0], [1 + jam_nut, jam_nut + 1, jam_oat + nut_oat, 0], rtol=1e-6)


def test_bm25_weighs_recent_orders_of_customers_who_buy_few_things(purchases: Make, town: Callable):
    history = History(purchases(town(30, 80)))
    recent = history.recent.toarray().T.astype(np.float64)  # items x customers
    length = recent.sum(axis=1, keepdims=True)
    damped = 1.2 * (1 - 0.75 + 0.75 * length / length.mean())
    rarity = np.log(len(recent)) - np.log1p((recent > 0).sum(axis=0))
    weighted = recent * (1.2 + 1) / (damped + recent) * rarity
    assert_allclose(scores_of(new("bm25"), history), recent.T @ (weighted @ weighted.T), rtol=1e-3)


def test_goes_with_looks_at_orders_and_at_the_last_day_only(purchases: Make):
    rows = [
        ("ben", "jam", 0),
        ("ben", "nut", 0),
        ("ben", "jam", 1),
        ("ben", "nut", 1),
        ("ben", "oat", 1),
        ("ann", "oat", 2),
        ("ann", "tea", 2),
        ("ann", "jam", 3),
    ]
    history = History(purchases(rows))
    scores = scores_of(GoesWith(), history)
    # orders: jam 3, nut 2, oat 2, tea 1; jam and nut 2, jam and oat 1, nut and oat 1
    jam_nut, jam_oat, nut_oat = 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 2), 1 / np.sqrt(2 * 2)
    oat_tea = 1 / np.sqrt(2 * 1)
    assert_allclose(scores[0], [0, jam_nut, jam_oat, 0], rtol=1e-6)  # ann's jam, not her oats of a day before
    assert_allclose(scores[1], [jam_nut + jam_oat, jam_nut + nut_oat, jam_oat + nut_oat, oat_tea], rtol=1e-6)
    before = GoesWith().fit(history).score(History(history.purchases, days_back=1), np.array([0]))
    assert_allclose(before, [[jam_oat, nut_oat, oat_tea, oat_tea]], rtol=1e-6)


# ---- EASE


def test_ease_is_its_closed_form(purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch):
    history = History(purchases(town(150, 80), unsold=["zip"]))
    bought = history.bought.toarray().astype(np.float64)
    for penalty in (5.0, 300.0):
        monkeypatch.setattr(module, "EASE_PENALTY", penalty)
        inverse = np.linalg.inv(bought.T @ bought + penalty * np.eye(bought.shape[1]))
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        assert np.abs(weights).max() > 0.09
        model = Ease().fit(history)
        assert_allclose(model.weights, weights, atol=1e-3)
        assert_array_equal(np.diag(model.weights), 0)
        assert_allclose(model.score(history, everybody(history)), bought @ weights, atol=1e-3)


def test_each_ease_column_is_the_ridge_regression_of_an_item_on_the_others(
    purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "EASE_PENALTY", 20.0)
    history = History(purchases(town(80, 60, items=5)))
    bought = history.bought.toarray().astype(np.float64)
    weights = Ease().fit(history).weights
    for item in range(bought.shape[1]):
        others = np.delete(np.arange(bought.shape[1]), item)
        gram = bought[:, others].T @ bought[:, others] + 20 * np.eye(len(others))
        expected = np.linalg.solve(gram, bought[:, others].T @ bought[:, item])
        assert_allclose(weights[others, item], expected, atol=1e-3)


# ---- ALS


def test_als_folds_in_whom_it_never_saw(purchases: Make, town: Callable):
    rows = town(120, 80)
    late = [("zoe", f"tea-{number:02}", 90) for number in (0, 1, 2)]
    known = purchases([*rows, *late, ("nut-000", "nut-00", 100)])
    early, now = History(known, days_back=20), History(known)
    zoe = np.array([early.shape[0] - 1])
    model = Als().fit(early)
    factors = model._model.item_factors.copy()
    assert not model.score(early, zoe).any()
    scores = model.score(now, zoe)[0]
    ids = known.items["item_id"].to_numpy()
    tea = np.array([item.startswith("tea") and item not in ("tea-00", "tea-01", "tea-02") for item in ids])
    nut = np.array([item.startswith("nut") for item in ids])
    assert scores[tea].mean() > 5 * abs(scores[nut].mean())
    assert np.median(scores[tea]) > scores[nut].max()
    assert_array_equal(model._model.item_factors, factors)
    assert not model.score(early, zoe).any()


def test_als_draws_with_the_historys_seed(history: History):
    one, other = (History(history.purchases, history.days_back, seed) for seed in (1, 2))
    assert not np.array_equal(scores_of(Als(), one), scores_of(Als(), other))


@pytest.mark.parametrize("name", ["als", "ease", "item_cosine", "bm25", "goes_with"])
def test_one_customer_with_one_item_is_enough_to_fit(name: str, purchases: Make):
    history = History(purchases([("ann", "tea", 0)]))
    scores = scores_of(new(name), history)
    assert scores.shape == (1, 1)
    assert np.isfinite(scores).all()
