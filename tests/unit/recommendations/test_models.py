import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from small_shops import Shop, coded

from palette.core.learned import pack, unpack
from palette.recommendations import known
from palette.recommendations import models as module
from palette.recommendations.history import History
from palette.recommendations.models import (
    POPULAR,
    Als,
    Ease,
    GoesWith,
    GroupPopularity,
    Model,
    OwnFrequency,
    OwnThenPopular,
    Popularity,
    RecentPopularity,
    TifuKnn,
    UpCf,
    baselines,
    components,
)
from palette.recommendations.purchases import Clusters

Make = Callable[..., Shop]
NAMES = [model.name for model in (*baselines(), *components())]
PERSONAL = [model.name for model in components() if model.name not in POPULAR]
every_model = pytest.mark.parametrize("name", NAMES)


def new(name: str) -> Model:
    return next(model for model in (*baselines(), *components()) if model.name == name)


def everybody(history: History) -> NDArray[np.int64]:
    return np.arange(history.shape[0])


def table(model: Model, history: History, customers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Scores of all items for some customers, customers x items."""
    shape = (len(customers), history.shape[1])
    row, item = np.indices(shape).reshape(2, -1)
    return model.score(history, customers).at(row, item).reshape(shape)


def scores_of(model: Model, history: History) -> NDArray[np.float32]:
    """Scores of everybody by a model of the same moment."""
    return table(model.fit(history), history, everybody(history))


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


@every_model
def test_every_item_has_a_finite_score_for_each_customer_asked_for(name: str, history: History):
    model = new(name)
    assert model.fit(history) is model
    for customers in (everybody(history), np.array([7, 3]), np.array([], dtype=np.int64)):
        scores = table(model, history, customers)
        assert scores.shape == (len(customers), history.shape[1])
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()


@every_model
def test_the_leading_items_are_those_of_the_highest_scores(name: str, history: History):
    model = new(name).fit(history)
    customers = np.array([41, 3, 17])
    scores = table(model, history, customers)
    items, values = model.score(history, customers).leading(6)
    for own, best, value in zip(scores, items, values, strict=True):
        named = best[best >= 0]
        assert len(set(named.tolist())) == len(named) == min(6, (own > 0).sum())
        assert_allclose(value[: len(named)], own[named], rtol=1e-5)
        assert_allclose(own[named], np.sort(own)[::-1][: len(named)], rtol=1e-5)


@every_model
def test_a_customers_scores_do_not_depend_on_who_else_is_asked_for(name: str, history: History):
    model = new(name).fit(history)
    asked = np.array([41, 3, 3, 17])
    assert_array_equal(table(model, history, asked), table(model, history, everybody(history))[asked])


@every_model
def test_scores_are_not_shared_with_the_caller(name: str, history: History):
    model = new(name).fit(history)
    scores = model.score(history, everybody(history))
    expected = [part.copy() for part in scores.leading(9)]
    for part in scores.leading(9):
        part[:] = -7
    scores.at(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))[:] = -7
    again = model.score(history, everybody(history))
    for part, before in zip(again.leading(9), expected, strict=True):
        assert_array_equal(part, before)


@every_model
def test_what_was_learned_can_be_kept(name: str, history: History):
    model, again = new(name).fit(history), new(name)
    again.state = unpack(pack(model.state))
    assert_array_equal(table(again, history, everybody(history)), table(model, history, everybody(history)))


@every_model
def test_the_same_seed_gives_the_same_scores(name: str, history: History):
    again = History(history.purchases, history.days_back, history.seed)
    assert_array_equal(scores_of(new(name), again), scores_of(new(name), history))


@every_model
def test_scores_do_not_depend_on_the_order_of_the_rows(name: str, rows: list[tuple], tables: Callable):
    bought, items = tables(rows)
    shuffled = [table.sample(frac=1, random_state=5) for table in (bought, items)]
    one, other = (History(coded(*pair)) for pair in ((bought, items), shuffled))
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
    scores = table(new(name).fit(history), history, nobody)
    assert (scores == scores[0]).all()
    assert scores.any() == (name not in {"own_frequency", "own_recent_frequency", *PERSONAL})


@every_model
def test_customers_whom_a_model_never_saw_are_scored_by_a_later_history(name: str, history: History):
    now = History(history.purchases)
    late = np.flatnonzero((history.customer_orders == 0) & (now.customer_orders > 0))
    scores = table(new(name).fit(history), now, late)
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


@pytest.mark.parametrize("name", ["cluster_popularity", "palette_popularity", *PERSONAL])
def test_tastes_are_learned(name: str, purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch):
    # what the customer has not bought: the own taste's items score higher than the other taste's. RFM
    # clusters do not look at tastes, and are here to show that the others do not owe it to the popularity.
    monkeypatch.setattr(module, "CUSTOMERS_ALIKE", 30)  # of 200, not all of them
    history = History(purchases(town(200, 60)))
    scores = scores_of(new(name), history).astype(np.float64)
    tea = history.purchases.items["super_category"].to_numpy() == "tea"
    fond = np.array([customer.startswith("tea") for customer in history.purchases.ids])
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
    decayed = scores_of(OwnFrequency("own_recent_frequency", weighting="recent"), history)
    assert_allclose(decayed, [[1, 1 + 0.5 + 0.25], [0.5, 0]])


def test_own_frequency_is_of_the_history_that_is_scored(purchases: Make):
    known = purchases([("ann", "tea", 0), ("ann", "nut", 9), ("ann", "nut", 10)])
    early, now = History(known, days_back=5), History(known)
    ann = np.array([0])
    assert table(OwnFrequency().fit(early), now, ann).tolist() == [[2, 1]]
    assert table(OwnFrequency().fit(now), early, ann).tolist() == [[0, 1]]


def test_own_then_popular_lets_popularity_decide_between_equals_only(purchases: Make):
    rows = [("ann", "tea", 0), ("ann", "tea", 1), ("ann", "nut", 1), ("ann", "egg", 2), ("cat", "egg", 0)]
    rows += [(customer, "jam", 1) for customer in ("ben", "cat", "dan", "eve")]
    history = History(purchases(rows, unsold=["zip"]))
    scores = scores_of(OwnThenPopular(), history)
    # buyers: egg 2, jam 4, nut 1, tea 1, zip 0; the greatest number is 4, and 4 / 5 is less than one order
    assert_allclose(scores[0], [1 + 2 / 5, 4 / 5, 1 + 1 / 5, 2 + 1 / 5, 0])
    assert_allclose(scores[1], [2 / 5, 1 + 4 / 5, 1 / 5, 1 / 5, 0])


def test_own_then_popular_names_the_most_popular_alone(purchases: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "DEEP", 2)
    rows = [("ann", "tea", 0), ("ann", "tea", 1)]
    rows += [(customer, "jam", 1) for customer in ("ben", "cat", "dan")]
    rows += [(customer, "egg", 1) for customer in ("ben", "cat")] + [("dan", "nut", 1)]
    scores = scores_of(OwnThenPopular(), History(purchases(rows)))
    # egg 2, jam 3, nut 1, tea 1: jam and egg are named to all, tea to ann as her own
    assert_allclose(scores[0], [2 / 4, 3 / 4, 0, 2 + 1 / 4], rtol=1e-6)
    assert_allclose(scores[3], [2 / 4, 1 + 3 / 4, 1 + 1 / 4, 0], rtol=1e-6)


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
    history = History(known, days_back=50)
    model = GroupPopularity("cluster_popularity", "cluster").fit(history)
    scores = table(model, history, np.arange(9))
    assert known.ids.tolist() == ["amy", "ann", "ben", "bob", "cat", "cid", "dan", "dot", "eve"]
    # egg, jam, nut, oat, tea
    assert_allclose(scores[0], [1, 0.5, 0.5, 0, 0])
    assert_allclose(scores[1], [1, 0.5, 0.5, 0, 0])
    assert_allclose(scores[2:4], [[1, 1, 0, 0, 0]] * 2)
    assert_allclose(scores[4:6], [[0, 0, 1, 0, 1]] * 2)
    assert_allclose(scores[6:8], [[0, 0.5, 0.5, 0.5, 0.5]] * 2)
    # eve was of no group then: what all eight bought
    assert_allclose(scores[8], [4 / 8, 4 / 8, 4 / 8, 1 / 8, 3 / 8])
    # two who were not there are of the groups of those who are most like them
    rows = [row for row in rows if row[0] not in ("ann", "eve")]
    more = [("zoe", item, 98, {"amount": 2}) for item in ("egg", "jam")]
    more += [("zac", item, 10, {"amount": 800}) for item in ("tea", "nut")]
    later = History(purchases([*rows, *more]))
    assert later.purchases.ids[-2:].tolist() == ["zac", "zoe"]
    assert_allclose(table(model, later, np.array([7, 8])), [scores[6], scores[0]])


def test_a_group_that_nobody_was_of_is_everybody(purchases: Make):
    # two buy food by night in the shop, two buy things for the home by day online, and nobody otherwise
    rows = [
        (f"{taste} {copy}", f"{taste}-{line}", day + hour, {"channel": channel})
        for taste, hour, channel in (("food", 2 / 24, "offline"), ("home", 12 / 24, "online"))
        for copy in range(2)
        for day in range(3)
        for line in range(copy + 1)
    ]
    later = [("new", "food-0", day + 12 / 24, {"channel": "online"}) for day in (9, 10, 11)]
    known = purchases([*rows, *later], clusters=Clusters(2, 2, 2))
    early = History(known, days_back=9)
    model = GroupPopularity("palette_popularity", "palette").fit(early)
    groups, count = model.groups(early)
    assert count == 4
    assert groups[:2].tolist() == [groups[0]] * 2 != groups[2:4].tolist() == [groups[2]] * 2
    new = np.array([4])
    assert model.groups(History(known))[0][4] not in {-1, *groups[:4].tolist()}
    # of the four who were there two bought food 0, one food 1, and the others home
    assert table(model, History(known), new).tolist() == [[2 / 4, 1 / 4, 2 / 4, 1 / 4]]


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
    groups, count = GroupPopularity("palette_popularity", "palette").fit(history).groups(history)
    assert count == 4 * 3
    found = dict(zip(history.purchases.ids, groups.tolist(), strict=True))
    assert found.pop("late") == -1
    # as many groups as kinds, and one group a kind
    kinds = {(customer.rsplit(" ", 1)[0], group) for customer, group in found.items()}
    assert len(kinds) == len(set(found.values())) == 12
    # RFM clusters look at recency, frequency and amount alone, and these are all equal
    assert len(np.unique(history.scores[groups >= 0], axis=0)) == 1


@pytest.mark.parametrize("grouping", ["cluster", "palette"])
@pytest.mark.parametrize("customers", [1, 2, 3, 4])
def test_few_customers_are_groups_of_their_own(grouping: str, customers: int, purchases: Make):
    rows = [(f"{number}", f"item {number}", number) for number in range(customers)]
    history = History(purchases([*rows, ("late", "tea", 9)]), days_back=5)
    groups, count = GroupPopularity("popularity", grouping).fit(history).groups(history)
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


def test_customers_of_one_kind_are_one_group(purchases: Make):
    history = History(purchases([(f"c{number}", "tea", 0) for number in range(9)] + [("late", "nut", 1)]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # k-means warns where there are fewer kinds than groups
        for name, kinds in (("cluster_popularity", 2), ("palette_popularity", 2 * 2)):
            model = new(name).fit(history)
            groups, count = model.groups(history)
            assert count == kinds
            assert len(set(groups[:-1])) == 1
            assert groups[-1] != groups[0]


def test_what_is_bought_lately_tells_what_is_alike(purchases: Make):
    rows = [("ann", "tea", 0), ("ann", "nut", 0), ("ben", "tea", 99), ("ben", "jam", 99), ("cat", "tea", 100)]
    scores = scores_of(new("recent_cosine"), History(purchases(rows)))
    # of the last 60 days: tea of ben and cat, jam of ben: 1 / sqrt(2 * 1); what ann bought is not among them
    assert_allclose(scores[2], [0.5**0.5, 0, 1], rtol=1e-6)
    assert_allclose(scores[0], [0.5**0.5 * 0.5 ** (100 / 60), 0, 0.5 ** (100 / 60)], rtol=1e-6)


def test_names_alike_are_told_by_the_words_that_few_have(purchases: Make):
    rows = [
        ("ann", "red-bag", 0),
        *(("ben", item, 0) for item in ("red-mug", "big-mug", "red-hat", "red-bag")),
    ]
    history = History(purchases(rows, unsold=["big-bag"]))
    # Words that two of the items sold have: red three, mug two; idf 1 + ln((1 + 5) / (1 + 3)), 1 + ln(6 / 3).
    items = history.purchases.items["item_id"].tolist()
    assert items == ["big-bag", "big-mug", "red-bag", "red-hat", "red-mug"]
    red, mug = 1 + np.log(6 / 4), 1 + np.log(6 / 3)
    ann = scores_of(new("name_cosine"), history)[0]
    assert_allclose(ann, [0, 0, 0, 1, red / np.hypot(red, mug)], rtol=1e-6)


def test_without_names_nothing_is_alike(purchases: Make):
    known = purchases([("ann", "tea", 0), ("ben", "nut", 0)])
    for items in (known.items.drop(columns="item_name"), known.items.assign(item_name=None)):
        assert not scores_of(new("name_cosine"), History(replace(known, items=items))).any()


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
    before = table(GoesWith().fit(history), History(history.purchases, days_back=1), np.array([0]))
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
        found = model.state["weights"].toarray()
        assert_allclose(found, weights, atol=1e-3)
        assert_array_equal(np.diag(found), 0)
        assert_allclose(table(model, history, everybody(history)), bought @ weights, atol=1e-3)


def test_each_ease_column_is_the_ridge_regression_of_an_item_on_the_others(
    purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "EASE_PENALTY", 20.0)
    history = History(purchases(town(80, 60, items=5)))
    bought = history.bought.toarray().astype(np.float64)
    weights = Ease().fit(history).state["weights"].toarray()
    for item in range(bought.shape[1]):
        others = np.delete(np.arange(bought.shape[1]), item)
        gram = bought[:, others].T @ bought[:, others] + 20 * np.eye(len(others))
        expected = np.linalg.solve(gram, bought[:, others].T @ bought[:, item])
        assert_allclose(weights[others, item], expected, atol=1e-3)


def test_ease_knows_the_items_that_most_customers_bought(
    purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "EASE_ITEMS", 7)
    history = History(purchases(town(80, 60, items=5)))
    kept = np.sort(np.argsort(-history.buyers, kind="stable")[:7])
    assert history.buyers[kept].min() >= np.delete(history.buyers, kept).max()
    bought = history.bought.toarray()[:, kept].astype(np.float64)
    inverse = np.linalg.inv(bought.T @ bought + module.EASE_PENALTY * np.eye(7))
    expected = np.zeros((10, 10))
    expected[np.ix_(kept, kept)] = (1 - np.eye(7)) * inverse / -np.diag(inverse)
    assert_allclose(Ease().fit(history).state["weights"].toarray(), expected, atol=1e-3)
    scores = scores_of(Ease(), history)
    assert not np.delete(scores, kept, axis=1).any()
    assert (scores[:, kept] > 0).any(axis=0).all()


def test_ease_keeps_the_greatest_weights_of_each_item(
    purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch
):
    history = History(purchases(town(80, 60, items=5)))
    whole = Ease().fit(history).state["weights"].toarray()
    monkeypatch.setattr(module, "EASE_WEIGHTS", 3)
    kept = Ease().fit(history).state["weights"].toarray()
    assert ((kept != 0).sum(axis=1) == 3).all()
    assert_array_equal(kept[kept != 0], whole[kept != 0])
    for row, all_of_row in zip(kept, whole, strict=True):
        assert_array_equal(np.sort(np.abs(row))[-3:], np.sort(np.abs(all_of_row))[-3:])


# ---- customers alike

# ann's three orders, and those of customers with one; dan bought the very same as cid
ORDERS = [("ann", "jam", 0), ("ann", "jam", 1), ("ann", "nut", 1), ("ann", "oat", 2)]
ORDERS += [("ben", "nut", 1), ("ben", "oat", 1), ("cid", "tea", 0), ("dan", "tea", 3)]


def test_tifuknn_by_the_formula_of_its_paper(purchases: Make, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(known, "GROUPS", 2)
    # ann's orders in two groups: of the two last ones the earlier counts 0.9, and the group before 0.7
    ann = np.array([(0.9 / 2 + 0.7 * 1) / 2, (0.9 / 2) / 2, (1 / 2) / 2, 0])
    ben = np.array([0, 1, 1, 0])
    scores = scores_of(TifuKnn(), History(purchases(ORDERS)))
    # each is the only neighbour of the other
    assert_allclose(scores[0], 0.7 * ann + 0.3 * ben, rtol=1e-6)
    assert_allclose(scores[1], 0.7 * ben + 0.3 * ann, rtol=1e-6)
    assert_allclose(scores[2:], [[0, 0, 0, 0.7]] * 2, rtol=1e-6)


def test_tifuknn_takes_the_mean_of_the_nearest(purchases: Make, monkeypatch: pytest.MonkeyPatch):
    baskets = {"ann": "ab", "ben": "abc", "cat": "ad", "dan": "ef"}
    known = purchases([(customer, item, 0) for customer, items in baskets.items() for item in items])
    vectors = {name: np.array([item in items for item in "abcdef"]) for name, items in baskets.items()}
    scores = scores_of(TifuKnn(), History(known))
    others = (vectors["ben"] + 1.0 * vectors["cat"]) / 2
    assert_allclose(scores[0], 0.7 * vectors["ann"] + 0.3 * others, rtol=1e-6)
    # ben is nearer: 2 / sqrt(2 x 3), not 1 / sqrt(2 x 2)
    monkeypatch.setattr(module, "CUSTOMERS_ALIKE", 1)
    nearest = scores_of(TifuKnn(), History(known))
    assert_allclose(nearest[0], 0.7 * vectors["ann"] + 0.3 * vectors["ben"], rtol=1e-6)


@pytest.mark.parametrize("asymmetry", [0.5, 0.25])
def test_up_cf_by_the_formula_of_its_paper(
    asymmetry: float, purchases: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(known, "LAST_ORDERS", 2)
    monkeypatch.setattr(module, "ASYMMETRY", asymmetry)
    ann, ben = np.array([1 / 2, 1 / 2, 1 / 2, 0]), np.array([0, 1, 1, 0])  # shares of the last two orders
    alike = [
        (2 / (own**asymmetry * other ** (1 - asymmetry))) ** 5 for own, other in ((3, 2), (2, 3))
    ]  # of two things both bought, of ann's three and ben's two
    scores = scores_of(UpCf(), History(purchases(ORDERS)))
    assert_allclose(scores[0], ann + alike[0] * ben, rtol=1e-5)
    assert_allclose(scores[1], ben + alike[1] * ann, rtol=1e-5)
    assert_allclose(scores[2:], [[0, 0, 0, 1]] * 2, rtol=1e-6)


@pytest.mark.parametrize("name", ["tifuknn", "up_cf"])
def test_of_many_customers_some_may_be_neighbours(
    name: str, history: History, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "POOL", 20)
    model = new(name).fit(history)
    assert model.state["bought"].shape == (20, history.shape[1])
    assert (model.state["bought"].sum(axis=1) > 0).all()
    other = new(name).fit(History(history.purchases, history.days_back, seed=1))
    assert (model.state["bought"] != other.state["bought"]).nnz > 0
    scores = table(model, history, everybody(history))
    assert scores[history.customer_orders > 0].any(axis=1).all()  # also of those who are no neighbours


@pytest.mark.parametrize("name", PERSONAL)
def test_models_learn_from_the_learners_alone(
    name: str, town: Callable, purchases: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(known, "LEARNERS", 30)
    rows = town(60, 60)
    rows += [(customer, "tea-00", 60) for customer in sorted({row[0] for row in rows})]
    history = History(purchases(rows))
    learners = history.learners
    assert len(learners) == 30
    ids = set(history.purchases.ids[learners])
    own = History(purchases([row for row in rows if row[0] in ids], sorted({row[1] for row in rows})))
    assert len(own.learners) == 30  # all there are
    found = table(new(name).fit(history), history, learners)
    assert_allclose(found, scores_of(new(name), own), rtol=1e-5, atol=1e-6)


# ---- ALS


def test_als_folds_in_whom_it_never_saw(purchases: Make, town: Callable):
    rows = town(120, 80)
    late = [("zoe", f"tea-{number:02}", 90) for number in (0, 1, 2)]
    known = purchases([*rows, *late, ("nut-000", "nut-00", 100)])
    early, now = History(known, days_back=20), History(known)
    zoe = np.array([early.shape[0] - 1])
    model = Als().fit(early)
    factors = model.state["items"].copy()
    assert not table(model, early, zoe).any()
    scores = table(model, now, zoe)[0]
    ids = known.items["item_id"].to_numpy()
    tea = np.array([item.startswith("tea") and item not in ("tea-00", "tea-01", "tea-02") for item in ids])
    nut = np.array([item.startswith("nut") for item in ids])
    assert scores[tea].mean() > 5 * abs(scores[nut].mean())
    assert np.median(scores[tea]) > scores[nut].max()
    assert_array_equal(model.state["items"], factors)
    assert not table(model, early, zoe).any()


def test_als_leaves_nothing_to_chance(history: History):
    one, other = (History(history.purchases, history.days_back, seed) for seed in (1, 2))
    assert_array_equal(scores_of(Als(), one), scores_of(Als(), other))


@every_model
def test_one_customer_with_one_item_is_enough_to_fit(name: str, purchases: Make):
    history = History(purchases([("ann", "tea", 0)]))
    scores = scores_of(new(name), history)
    assert scores.shape == (1, 1)
    assert np.isfinite(scores).all()
