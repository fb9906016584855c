from collections.abc import Callable, Sequence
from dataclasses import replace

import lightgbm
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score
from small_shops import Shop

from palette.core import threads
from palette.core.catalogue import model_names
from palette.core.learned import pack, unpack
from palette.recommendations import hybrid as module
from palette.recommendations.history import History
from palette.recommendations.hybrid import (
    Candidates,
    Examples,
    Linear,
    Moment,
    Ranker,
    _part,
    active,
    batches,
    candidates,
    examples,
    features,
    fit_moment,
    fit_ranker,
    fused,
    joined,
)
from palette.recommendations.models import POPULAR, baselines, components
from palette.recommendations.offers import OFFERS
from palette.recommendations.scores import Cells, Dense, Scores

MODELS = model_names()

Make = Callable[..., Shop]
DAYS = 28
END = 140
FEW = ("item_cosine", "goes_with", "ease")


@pytest.fixture(scope="module")
def rows(town: Callable) -> list[tuple]:
    return [*town(250, END, items=20), ("nut-000", "nut-00", END)]


@pytest.fixture(scope="module")
def known(rows: list[tuple], purchases: Make) -> Shop:
    return purchases(rows, unsold=["zip"])


@pytest.fixture(scope="module")
def moment(known: Shop) -> Moment:
    """Return all models, fitted two windows before the end."""
    return fit_moment(known, 2 * DAYS, seed=0, models=MODELS)


@pytest.fixture(scope="module")
def windows(known: Shop, moment: Moment) -> tuple[Examples, Examples]:
    """Return the examples of a window, and those of the one after it."""
    moments = (moment, fit_moment(known, DAYS, seed=0, models=MODELS))
    return tuple(described(each) for each in moments)


@pytest.fixture(scope="module")
def ranker(windows: tuple[Examples, Examples]) -> Ranker:
    """Return what is learned from the first of the windows."""
    return fit_ranker(windows[:1], seed=0)


def described(moment: Moment, days: int = DAYS) -> Examples:
    return examples(moment, active(moment.history, days, seed=0), days)[1]


def shortlist(moment: Moment, customers: np.ndarray) -> Candidates:
    return candidates(moment, customers, DAYS)


def name_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each list ask the components for one candidate."""
    monkeypatch.setattr(
        module, "OFFERS", tuple(replace(offer, named=min(offer.named, 1)) for offer in OFFERS)
    )


def codes(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def items_of(chosen: Candidates, place: int = 0) -> list[int]:
    return chosen.item[chosen.place == place].tolist()


def named(moment: Moment, chosen: Candidates) -> pd.DataFrame:
    """Features with their names, and ids of customer and item as the index."""
    history = moment.history
    names = []
    for name in moment.components:
        names += [name, f"{name}_relative"] if name not in POPULAR else [name]
    names += module._of_pairs(history, chosen.customer, chosen.item)
    names += [*module._of_items(history), *module._of_customers(history)]
    index = pd.MultiIndex.from_arrays(
        [
            history.purchases.ids[chosen.customer],
            history.purchases.items["item_id"].to_numpy(dtype=object)[chosen.item],
        ]
    )
    return pd.DataFrame(features(moment, chosen), index=index, columns=names)


def drawn(count: int, seed: int, *, base: float = -2.0, columns: int = 4) -> Examples:
    """Return candidates of which each is bought with log-odds of `base` + 2 x its first feature."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, columns)).astype(np.float32)
    odds = np.exp(base + 2 * values[:, 0])
    bought = rng.random(count) < odds / (1 + odds)
    return Examples(np.arange(count), np.zeros(count, dtype=np.int64), values, bought)


# ---- moments and batches


def test_a_moment_has_the_models_asked_for_and_always_two(purchases: Make):
    known = purchases([("ann", "tea", 0), ("ben", "nut", 9)])
    assert list(fit_moment(known, 0, seed=0, models=()).models) == ["recent_popularity", "goes_with"]
    assert set(fit_moment(known, 0, seed=0, models=FEW).models) == {"recent_popularity", "goes_with", *FEW}
    unjudged = fit_moment(known, 0, seed=0, models=MODELS)
    assert list(unjudged.models) == unjudged.components == [model.name for model in components()]
    judged = fit_moment(known, 0, seed=0, models=MODELS, judged=True)
    assert set(judged.models) == set(MODELS)
    assert judged.components == unjudged.components
    assert set(judged.models) - set(judged.components) == {model.name for model in baselines()}
    chosen = fit_moment(known, 0, seed=0, models=("popularity", "als"), judged=True)
    assert set(chosen.models) == {"popularity", "recent_popularity", "goes_with", "als"}


def test_a_moment_is_so_many_days_back_and_has_the_seed(purchases: Make):
    moment = fit_moment(purchases([("ann", "tea", 0), ("ben", "nut", 9)]), 4, seed=7, models=())
    assert moment.history.days_back == 4
    assert moment.history.seed == 7
    assert moment.history.customer_orders.tolist() == [1, 0]


def test_batches_are_all_customers_in_order_and_bounded():
    customers = np.arange(1_000)
    parts = list(batches(customers, 40_000))
    assert_array_equal(np.concatenate(parts), customers)
    assert max(map(len, parts)) == 25  # 1,000,000 cells
    assert [len(part) for part in batches(customers, 10**9)] == [16] * 55 + [15] * 8
    assert [len(part) for part in batches(customers, 0)] == [1_000]
    assert [len(part) for part in batches(customers[:0], 5)] == [0]


# ---- candidates


def test_what_a_customer_bought_is_a_candidate(moment: Moment):
    history = moment.history
    customers = np.flatnonzero(history.customer_orders > 0)
    chosen = shortlist(moment, customers)
    pairs = set(zip(chosen.customer.tolist(), chosen.item.tolist(), strict=True))
    assert history.bought.sum(axis=1).max() <= module.OWN
    assert {(key // history.shape[1], key % history.shape[1]) for key in history.pairs.key.tolist()} <= pairs
    assert len(pairs) == len(chosen.item)


def test_of_many_own_things_the_latest_and_most_frequent_are_candidates(
    purchases: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "OWN", 2)
    name_few(monkeypatch)
    rows = [("ann", f"old-{number}", 0) for number in range(5)]
    rows += [("ann", "old-1", 0.5), ("ann", "old-1", 1), ("ann", "new", 100)]
    rows += [(customer, "hit", 100) for customer in ("ben", "cat", "dan")]
    moment = fit_moment(purchases(rows), 0, seed=0, models=())
    ids = moment.history.purchases.items["item_id"]
    # new counts 1, old-1 about 3 x 0.5 ** (100 / 60), the other old ones a third of that
    assert ids[items_of(shortlist(moment, codes(0)))].tolist() == ["hit", "new", "old-1"]
    assert ids[items_of(shortlist(moment, codes(1)))].tolist() == ["hit", "new"]


@pytest.mark.slow
def test_what_is_new_is_a_candidate_for_others(purchases: Make):
    # sixty things are bought by many, 340 by few, until day 48; four of sixty customers then buy a new one
    rows = [
        (f"{number:02}", f"{kind} {item}", 3 * visit + number / 60)
        for number in range(60)
        for visit in range(10 + number % 7)
        for kind, item in (
            ("hit", (number * 7 + visit * 11) % 60),
            ("rarity", (number * 53 + visit * 29) % 340),
        )
    ]
    rows += [(f"{number:02}", "new", 58 + number / 2) for number in range(4)]
    known = purchases(rows)
    new = known.items["item_id"].tolist().index("new")
    everybody = np.arange(60)
    full = fit_moment(known, 0, seed=0, models=MODELS)
    assert (np.sort(full.history.buyers)[-60:] > full.history.buyers[new]).all()
    assert all(new in items_of(shortlist(full, everybody), place) for place in everybody)
    popular = shortlist(fit_moment(known, 0, seed=0, models=()), everybody)
    assert all(new in items_of(popular, place) for place in everybody)
    others = Moment(full.history, {name: full.models[name] for name in full.components[1:]})
    assert full.components[0] == "recent_popularity"
    assert not all(new in items_of(shortlist(others, everybody), place) for place in everybody)


def test_every_buyer_has_candidates_and_they_were_sold_by_the_moment(purchases: Make, town: Callable):
    rows = [*town(30, 60), ("one", "tea-03", 40), ("late", "tea-03", 70), ("one", "jam-late", 70)]
    known = purchases(rows, unsold=["zip"])
    moment = fit_moment(known, 10, seed=0, models=MODELS)
    orders = dict(zip(known.ids, moment.history.customer_orders, strict=True))
    assert (orders["one"], orders["late"]) == (1, 0)
    sold = np.flatnonzero(moment.history.buyers)
    assert set(known.items["item_id"]) - set(known.items["item_id"][sold]) == {"jam-late", "zip"}
    chosen = shortlist(moment, np.arange(known.customers))
    assert set(known.ids) - set(known.ids[chosen.customer]) == {"late"}  # gets no list yet
    assert set(chosen.item) <= set(sold)
    for place in set(chosen.place):
        assert len(items_of(chosen, place)) >= 15


def test_without_any_purchase_there_are_no_candidates(purchases: Make):
    known = purchases([("ann", "tea", 5), ("ben", "nut", 9)])
    chosen = shortlist(fit_moment(known, 10, seed=0, models=FEW), codes(0, 1))
    assert chosen.item.tolist() == []


def test_what_sells_online_is_a_candidate_though_other_things_sell_more(
    purchases: Make, monkeypatch: pytest.MonkeyPatch
):
    lists = [offer for offer in OFFERS if offer.name in ("discover", "next", "online_offers")]
    monkeypatch.setattr(module, "OFFERS", lists)
    rows = [(f"{number}", f"hit {item:02}", 1) for number in range(3) for item in range(90)]
    rows += [("web", f"web {item}", 0, {"channel": "online"}) for item in range(3)]
    moment = fit_moment(purchases([*rows, ("off", "other", 1)]), 0, seed=0, models=())
    ids = moment.history.purchases.items["item_id"]
    place = moment.history.purchases.ids.tolist().index("off")
    found = ids[items_of(shortlist(moment, codes(place)))].tolist()
    assert [item for item in found if item.startswith("web")] == ["web 0", "web 1", "web 2"]
    assert len(found) == 40 + 3 + 1


def test_candidates_are_by_customer_and_item_and_the_same_in_any_batch(moment: Moment):
    together = shortlist(moment, codes(9, 4, 30))
    assert_array_equal(together.customer, codes(9, 4, 30)[together.place])
    assert (np.diff(together.place) >= 0).all()
    for place, customer in enumerate((9, 4, 30)):
        assert items_of(together, place) == sorted(items_of(together, place))
        assert items_of(shortlist(moment, codes(customer))) == items_of(together, place)
    for name, scores in together.scores.items():
        alone = moment.models[name].score(moment.history, codes(4))
        items = np.arange(moment.history.shape[1])
        assert_array_equal(
            scores.at(np.full(len(items), 1), items), alone.at(np.zeros(len(items), int), items)
        )


def test_baselines_name_no_candidates(purchases: Make, town: Callable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "OWN", 1)
    name_few(monkeypatch)
    known = purchases(town(20, 40))
    plain, judged = (fit_moment(known, 0, seed=0, models=MODELS, judged=judged) for judged in (False, True))
    one, other = (shortlist(each, np.arange(20)) for each in (plain, judged))
    assert_array_equal(one.place * 1_000 + one.item, other.place * 1_000 + other.item)
    assert set(other.scores) - set(one.scores) == {model.name for model in baselines()}
    assert_array_equal(features(plain, one), features(judged, other))


# ---- features


@pytest.mark.parametrize("models", [(), FEW, MODELS])
def test_features_have_a_column_a_name_and_are_finite_or_unknown(known: Shop, models: Sequence[str]):
    moment = fit_moment(known, 3 * DAYS, seed=0, models=models)
    chosen = shortlist(moment, np.arange(0, 250, 10))
    table = named(moment, chosen)  # fails where there are more columns or fewer
    assert table.columns.is_unique
    assert len(table) == len(chosen.item)
    values = features(moment, chosen)
    assert values.dtype == np.float32
    assert not np.isinf(values).any()
    always = [*moment.components, "buyers", "orders", "own_orders", "own_recent"]
    assert not table[always].isna().any(axis=None)


@pytest.fixture(scope="module")
def table(purchases: Make) -> pd.DataFrame:
    """Return the features of three customers on day 20, small enough to be worked by hand."""
    rows = [
        ("ann", "food-tea", 0, {"amount": 2.0}),
        ("ann", "food-tea", 10, {"amount": 2.0}),
        ("ann", "food-tea", 20, {"amount": 2.0}),
        ("ann", "food-nut", 20, {"amount": 8.0}),
        ("ben", "food-nut", 5, {"amount": 8.0}),
        ("ben", "food-tea", 18, {"amount": 2.0}),
        ("cat", "home-oat", 1, {"amount": 3.0}),
    ]
    moment = fit_moment(purchases(rows), 0, seed=0, models=())
    return named(moment, shortlist(moment, codes(0, 1, 2)))


def test_features_of_what_the_customer_bought_worked_by_hand(table: pd.DataFrame):
    unknown = np.nan
    expected = {
        "own_orders": [3, 1, 0, 1, 1],
        "amount_share": [6 / 14, 8 / 14, 0, 8 / 10, 2 / 10],
        "since_bought": [0, 0, unknown, 15, 2],
        "own_interval": [20 / 2, 0, unknown, 0, 0],
        "orders_since_bought": [0, 0, unknown, 1, 0],
        "order_share": [3 / 3, 1 / 1, unknown, 1 / 2, 1 / 1],  # of the orders since the first with it
        "in_last_order": [1, 1, 0, 0, 1],
        "due": [0 / 10, unknown, unknown, unknown, 2 / 10],  # ann alone rebuys, tea every ten days
        "own_recent": [1 + 0.5 ** (10 / 60) + 0.5 ** (20 / 60), 1, 0, 0.5 ** (15 / 60), 0.5 ** (2 / 60)],
    }
    pairs = [("ann", "food-tea"), ("ann", "food-nut"), ("ann", "home-oat"), ("ben", "food-nut")]
    pairs.append(("ben", "food-tea"))
    for name, values in expected.items():
        assert_allclose(table.loc[pairs, name], values, rtol=1e-6, err_msg=name)


def test_features_of_categories_and_prices_worked_by_hand(table: pd.DataFrame):
    ann = table.loc["ann"]
    # all her lines are food, of everybody's six of seven
    assert ann["category_share"].to_dict() == {"food-nut": 1, "food-tea": 1, "home-oat": 0}
    assert ann["category_preference"].tolist() == pytest.approx([1 / (6 / 7), 1 / (6 / 7), 0])
    # she paid 2, 2, 2 and 8; oats are 3
    assert ann.loc["home-oat", "price_fit"] == pytest.approx(np.log(3) - np.log(2 * 2 * 2 * 8) / 4)


def test_features_of_items_worked_by_hand(table: pd.DataFrame):
    expected = {  # of nut, tea and oat
        "buyers": [2, 2, 1],
        "buyers_28_days": [2, 2, 1],
        "buyers_7_days": [1, 2, 0],
        "buyers_a_year_ago": [0, 0, 0],
        "weekly_trend": [(1 + 0.5) / (2 / 4 + 0.5), (2 + 0.5) / (2 / 4 + 0.5), (0 + 0.5) / (1 / 4 + 0.5)],
        "monthly_trend": [(2 + 1) / (2 + 1), (2 + 1) / (2 + 1), (1 + 1) / (1 + 1)],
        "first_sold": [15, 20, 19],
        "last_sold": [0, 0, 19],
        "price": [8, 2, 3],
        "repeat_rate": [0, 1 / 2, 0],
        "lately_rebought": [0, 0, 0],  # nobody ordered 28 days ago
        "usual_interval": [np.nan, 10, np.nan],
    }
    for customer in ("ann", "ben", "cat"):
        for name, values in expected.items():
            assert_allclose(table.loc[customer, name], values, rtol=1e-6, err_msg=name)


def test_features_of_customers_worked_by_hand(table: pd.DataFrame):
    expected = {  # of ann, ben and cat
        "orders": [3, 2, 1],
        "items": [2, 2, 1],
        "items_per_order": [4 / 3, 2 / 2, 1],
        "since_order": [0, 2, 19],
        "since_first_order": [20, 15, 19],
        "order_interval": [20 / 2, 13 / 1, 0],
        "orders_28_days": [3, 2, 1],
        "orders_90_days": [3, 2, 1],
    }
    for name, values in expected.items():
        assert table[name].groupby(level=0).nunique().eq(1).all()
        assert_allclose(table[name].groupby(level=0).first(), values, rtol=1e-6, err_msg=name)


def test_a_share_of_orders_is_at_most_one(purchases: Make):
    rows = [("ann", "tea", 3, {"order_id": order}) for order in ("one", "two")]
    moment = fit_moment(purchases(rows), 0, seed=0, models=())
    assert named(moment, shortlist(moment, codes(0)))["order_share"].tolist() == [2 / 2]


def test_a_score_is_also_told_by_the_customers_tenth_best(moment: Moment):
    chosen = shortlist(moment, codes(11, 60))
    table = named(moment, chosen)
    for name in set(moment.components).difference(POPULAR):
        place, item = np.indices((2, moment.history.shape[1])).reshape(2, -1)
        scores = chosen.scores[name].at(place, item).reshape(2, -1)
        tenth = np.maximum(np.sort(scores, axis=1)[:, -10], 0)
        own = scores[chosen.place, chosen.item]
        assert_array_equal(table[name], own)
        assert_allclose(table[f"{name}_relative"], own / (tenth[chosen.place] + 1e-9), rtol=1e-5)


def test_features_of_customers_without_purchases_are_unknown_not_wrong(purchases: Make, town: Callable):
    known = purchases([*town(20, 40), ("late", "tea-00", 50)])
    moment = fit_moment(known, 10, seed=0, models=MODELS)
    late = codes(known.ids.tolist().index("late"))
    scores = {name: model.score(moment.history, late) for name, model in moment.models.items()}
    sold = np.flatnonzero(moment.history.buyers)
    table = named(moment, Candidates(late, scores, np.zeros(len(sold), dtype=np.int64), sold))
    assert len(table) > 10
    assert table[["since_order", "since_first_order", "order_interval", "price_fit"]].isna().all(axis=None)
    assert (table[["orders", "items", "items_per_order", "r_score", "own_orders"]] == 0).all(axis=None)
    assert (table[["category_share", "own_recent", "in_last_order"]] == 0).all(axis=None)
    assert (table["buyers"] > 0).all()


def test_candidates_and_features_see_nothing_after_the_moment(
    rows: list[tuple], moment: Moment, purchases: Make
):
    # the same rows to the moment on day 84; instead of what followed, everybody buys other things
    later = [(customer, rows[-place - 1][1], 2 * day) for place, (customer, _, day) in enumerate(rows)]
    changed = [row for row in rows if row[2] <= END - 2 * DAYS]
    changed += [(customer, item, day) for customer, item, day in later if END - 2 * DAYS < day < 2 * END]
    other = fit_moment(
        purchases([*changed, ("nut-000", "nut-00", 2 * END)], unsold=["zip"]),
        END + 2 * DAYS,
        seed=0,
        models=MODELS,
    )
    assert_array_equal(other.history.purchases.ids, moment.history.purchases.ids)
    assert other.history.moment == moment.history.moment
    customers = np.arange(0, 250, 5)
    one, two = shortlist(moment, customers), shortlist(other, customers)
    assert_array_equal(one.place, two.place)
    assert_array_equal(one.item, two.item)
    assert_array_equal(features(moment, one), features(other, two))
    assert (moment.history.window(DAYS) != other.history.window(DAYS)).nnz > 0


# ---- examples


def test_examples_are_labelled_by_the_window(moment: Moment, rows: list[tuple]):
    purchases, start = moment.history.purchases, END - 2 * DAYS
    later = {(customer, item) for customer, item, day in rows if start < day <= start + DAYS}
    found = described(moment)
    ids = purchases.items["item_id"].to_numpy(dtype=object)
    pairs = list(zip(purchases.ids[found.customer], ids[found.item], strict=True))
    assert found.bought.tolist() == [pair in later for pair in pairs]
    assert 0 < found.bought.mean() < 0.5
    assert found.features.shape[0] == len(pairs)


def test_the_whole_window_after_the_moment_counts(purchases: Make):
    rows = [("ann", item, day) for day, items in ((1, "ab"), (13, "c"), (21, "a")) for item in items]
    moment = fit_moment(purchases([*rows, ("ben", "a", 22)]), 11, seed=0, models=["popularity"])
    # Eleven days before the last purchase ann had bought a and b. In the ten days that followed she took a on
    # the last of them, and c, which had not been on sale.
    window = described(moment, 10)
    assert (window.customer.tolist(), window.item.tolist()) == ([0, 0], [0, 1])
    assert window.bought.tolist() == [True, False]


def test_the_length_of_the_window_counts(moment: Moment):
    week, month = (moment.history.window(days).sum() for days in (7, DAYS))
    found = [examples(moment, np.arange(20), days)[1].bought.sum() for days in (7, DAYS)]
    assert found[0] < found[1]
    assert week < month


def test_examples_in_batches_are_those_of_all_customers(moment: Moment, monkeypatch: pytest.MonkeyPatch):
    customers = np.arange(40)
    whole = examples(moment, customers, DAYS)[1]
    monkeypatch.setattr(module, "CELLS", 16 * moment.history.shape[1])
    parts = [examples(moment, batch, DAYS)[1] for batch in batches(customers, moment.history.shape[1])]
    assert len(parts) == 3
    split = joined(parts)
    for name in ("customer", "item", "bought", "features"):
        assert_array_equal(getattr(split, name), getattr(whole, name))


def test_active_customers_bought_before_and_after(purchases: Make, monkeypatch: pytest.MonkeyPatch):
    rows = [("before", "tea", 1), ("both", "tea", 5), ("both", "nut", 6), ("after", "tea", 6)]
    rows += [("too late", "tea", 5), ("too late", "tea", 9)]
    history = History(purchases([*rows, ("end", "tea", 10)]), days_back=5)
    assert history.purchases.ids[active(history, 3, seed=0)].tolist() == ["both"]
    assert history.purchases.ids[active(history, 4, seed=0)].tolist() == ["both", "too late"]
    monkeypatch.setattr(module, "JUDGED", 1)
    several = {active(history, 4, seed=seed).item() for seed in range(9)}
    assert len(several) == 2
    assert active(history, 4, seed=3) == active(history, 4, seed=3)


def test_windows_in_which_nobody_came_back_teach_nothing(purchases: Make):
    rows = [(f"{day:03}", f"item {day % 7}", day) for day in range(100)]  # each customer comes once
    known = purchases(rows)
    learned = [described(fit_moment(known, back, seed=0, models=())) for back in (28, 56)]
    assert sum(len(part.bought) for part in learned) == 0
    assert fit_ranker(learned, seed=0) is None


def test_a_window_in_which_nobody_came_back_leaves_the_others_to_learn_from(purchases: Make):
    rows = [(f"{day:03}", f"item {day % 7}", day) for day in range(101)]
    rows += [(f"back {number}", f"item {number % 7}", day) for number in range(60) for day in (50, 80)]
    # those who come on the days 50 and 80: new in the window after day 44, known in the one after day 72
    known = purchases(rows)
    learned = [described(fit_moment(known, back, seed=0, models=())) for back in (28, 56)]
    assert [len(part.bought) > 0 for part in learned] == [True, False]
    assert fit_ranker(learned, seed=0) is not None


# ---- the ranker


@pytest.mark.parametrize(("purchased", "learns"), [(0, False), (49, False), (50, True)])
def test_too_few_purchases_teach_nothing(purchased: int, learns: bool):
    values = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    window = Examples(np.arange(400), np.arange(400), values, np.arange(400) < purchased)
    assert (fit_ranker([window], seed=0) is not None) == learns


def test_no_windows_teach_nothing():
    assert fit_ranker([], seed=0) is None


def test_purchases_of_all_windows_count():
    halves = [drawn(200, seed, base=-2.5) for seed in (0, 1)]
    assert all(half.bought.sum() < 50 for half in halves)
    assert fit_ranker(halves, seed=0) is not None


def test_what_was_bought_is_scored_higher_in_a_later_window(
    known: Shop, windows: tuple[Examples, Examples], ranker: Ranker
):
    later = windows[1]
    probability = ranker.score(later.features, later.customer)
    assert roc_auc_score(later.bought, probability) > 0.7
    # of five a customer, against five at random
    table = pd.DataFrame({"customer": later.customer, "bought": later.bought, "score": probability})
    best = table.sort_values("score", ascending=False).groupby("customer").head(5)
    assert best["bought"].mean() > 2 * table["bought"].mean()
    # nor is it all by telling what the customer bought before from the rest
    history = History(known, DAYS)
    _, owned = history.pairs.find(later.customer * history.shape[1] + later.item)
    assert roc_auc_score(later.bought[~owned], probability[~owned]) > 0.65


def test_probabilities_are_those_of_the_later_window(windows: tuple[Examples, Examples], ranker: Ranker):
    later = windows[1]
    probability = ranker.score(later.features, later.customer)
    assert ranker.rate == 1  # so few are all learned from
    assert probability.shape == later.bought.shape
    assert probability.min() > 0
    assert probability.max() < 1
    assert probability.mean() == pytest.approx(later.bought.mean(), rel=0.2)


def test_nothing_is_learned_where_there_is_nothing_to_learn():
    window, later = drawn(3_000, 0), drawn(3_000, 1)
    learned = fit_ranker([window], seed=0).score(later.features, later.customer)
    assert roc_auc_score(later.bought, learned) > 0.8
    areas = []
    for draw in range(8):
        chance = replace(window, bought=np.random.default_rng(draw).permutation(window.bought))
        found = fit_ranker([chance], seed=0).score(later.features, later.customer)
        assert found.std() < learned.std() / 3
        areas.append(roc_auc_score(later.bought, found))
    assert 0.4 < np.mean(areas) < 0.6  # either way, as chance has it


def test_the_seed_decides():
    window, later = drawn(3_000, 0), drawn(500, 1)
    one, same, other = (
        fit_ranker([window], seed=seed).score(later.features, later.customer) for seed in (1, 1, 2)
    )
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_probabilities_are_of_all_candidates_though_few_were_learned_from(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EXAMPLES", 3_000)
    window, later = drawn(30_000, 0, base=-5.0), drawn(30_000, 1, base=-5.0)
    ranker = fit_ranker([window.thinned(seed=0)], seed=0)
    positive = window.bought.sum()
    assert ranker.rate == pytest.approx((3_000 - positive) / (30_000 - positive))
    probability = ranker.score(later.features, later.customer)
    assert probability.min() > 0
    assert probability.max() < 1
    trees = replace(ranker, trust=1.0).score(later.features, later.customer)
    assert trees.mean() == pytest.approx(later.bought.mean(), rel=0.2)
    assert probability.mean() == pytest.approx(later.bought.mean(), rel=0.25)  # the linear model is cautious
    likely = probability > np.quantile(probability, 0.9)
    assert later.bought[likely].mean() > 5 * later.bought[~likely].mean()
    assert probability[likely].mean() == pytest.approx(later.bought[likely].mean(), rel=0.5)


def test_all_that_was_bought_is_kept_and_as_much_that_was_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EXAMPLES", 100)
    window = drawn(3_000, 0)
    positive = window.bought.sum()
    assert positive > 100
    thinned = window.thinned(seed=0)
    assert thinned.rate == pytest.approx(positive / (3_000 - positive))
    assert thinned.bought.sum() == positive
    assert (~thinned.bought).sum() == pytest.approx(positive, rel=0.2)
    assert fit_ranker([thinned], seed=0).rate == thinned.rate


def test_few_examples_are_all_kept(monkeypatch: pytest.MonkeyPatch):
    window = drawn(300, 0)
    assert window.thinned(seed=0) is window
    monkeypatch.setattr(module, "EXAMPLES", 300)
    assert window.thinned(seed=0) is window
    nothing = Examples(codes(), codes(), np.zeros((0, 4), np.float32), np.zeros(0, bool))
    assert nothing.thinned(seed=0) is nothing


def test_a_draw_from_what_was_not_bought_has_the_rate_of_all_of_it():
    window = drawn(8_000, 0)
    others = (~window.bought).sum()
    half = window.at_rate(0.5, seed=0)
    tenth = half.at_rate(0.1, seed=1)
    for part, rate in ((half, 0.5), (tenth, 0.1)):
        assert part.rate == rate
        assert (~part.bought).sum() == pytest.approx(rate * others, rel=0.1)
        assert part.bought.sum() == window.bought.sum()
        # each is one of the window's, with what belongs to it
        assert_array_equal(part.features, window.features[part.customer])
        assert_array_equal(part.bought, window.bought[part.customer])
        assert (np.diff(part.customer) > 0).all()
    assert half.at_rate(0.5, seed=2) is half.at_rate(0.7, seed=2) is half  # none can be drawn that are gone
    assert_array_equal(window.at_rate(0.5, seed=0).customer, half.customer)
    assert not np.array_equal(window.at_rate(0.5, seed=3).customer, half.customer)


def test_windows_are_learned_from_at_the_rate_of_the_thinnest():
    windows = [drawn(2_000, 0), drawn(2_000, 1).at_rate(0.25, seed=1), drawn(2_000, 2).at_rate(0.5, seed=2)]
    ranker = fit_ranker(windows, seed=0)
    assert ranker.rate == 0.25
    later = drawn(4_000, 3)
    assert ranker.score(later.features, later.customer).mean() == pytest.approx(later.bought.mean(), rel=0.2)


def test_scores_in_parts_are_those_of_the_whole():
    ranker, later = fit_ranker([drawn(1_000, 0)], seed=0), drawn(700, 1)
    cuts = [slice(start, start + 90) for start in range(0, 700, 90)]
    parts = [ranker.score(later.features[cut], later.customer[cut]) for cut in cuts]
    assert_allclose(np.concatenate(parts), ranker.score(later.features, later.customer), rtol=1e-12)
    assert ranker.score(later.features[:0], later.customer[:0]).tolist() == []


def test_trees_see_of_each_customer_what_the_linear_model_finds_best(monkeypatch: pytest.MonkeyPatch):
    ranker, later = fit_ranker([drawn(2_000, 0)], seed=0), drawn(60, 1)
    customer = np.repeat([4, 9, 2], [30, 1, 29])
    whole, alone = (
        replace(ranker, trust=trust).score(later.features, customer) for trust in (ranker.trust, 0.0)
    )
    monkeypatch.setattr(module, "SEEN", 5)
    found = ranker.score(later.features, customer)
    for code in (4, 9, 2):
        own = np.flatnonzero(customer == code)
        seen, others = np.split(own[np.argsort(-alone[own], kind="stable")], [5])
        assert_array_equal(found[seen], whole[seen])
        assert_array_equal(found[others], alone[others])
    assert (whole != alone).all()


def test_a_spared_ranker_learns_from_some_customers_while_there_are_enough_of_them(
    monkeypatch: pytest.MonkeyPatch,
):
    window = drawn(4_000, 0)
    assert _part(window, None, 0) is window
    assert _part(window, 4_000, 0) is window  # few candidates
    assert _part(window, 1_000, 0) is window  # scarce purchases
    monkeypatch.setattr(module, "SCARCE", 100)
    part = _part(window, 1_000, 0)
    assert len(part.bought) == 1_000
    assert_array_equal(part.bought, window.bought[part.customer])
    assert set(_part(window, 1_000, 1).customer) != set(part.customer)


def test_a_spared_ranker_has_one_forest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "SCARCE", 100)
    sizes: list[int] = []
    grown = module._grown
    monkeypatch.setattr(
        module, "_grown", lambda known, *args: (sizes.append(len(known.bought)), grown(known, *args))[1]
    )
    assert len(fit_ranker([drawn(2_000, 0)], seed=0, most=500).forests) == 1
    assert len(fit_ranker([drawn(2_000, 0)], seed=0).forests) == module.FORESTS
    assert sizes == [500, 2_000]


def test_the_log_odds_of_the_forests_are_averaged():
    ranker, later = fit_ranker([drawn(1_000, 0)], seed=0), drawn(30, 1)

    def odds(forests: Sequence[lightgbm.Booster]) -> Cells:
        alone = replace(ranker, forests=tuple(forests), trust=1.0).score(later.features, later.customer)
        return np.log(alone / (1 - alone))

    one, other = ([forest] for forest in ranker.forests)
    assert not np.allclose(odds(one), odds(other))
    assert_allclose(odds(ranker.forests), (odds(one) + odds(other)) / 2, rtol=1e-9)


def test_trees_are_trusted_as_much_as_was_bought_and_the_linear_model_has_the_rest():
    window, later = drawn(2_000, 0).at_rate(0.5, seed=0), drawn(20, 1)
    ranker = fit_ranker([window], seed=0)
    bought = window.bought.sum()
    assert ranker.trust == bought / (bought + module.SCARCE)
    odds = {
        trust: np.log(score / (1 - score))
        for trust in (0.0, 1.0, ranker.trust)
        for score in [replace(ranker, trust=trust).score(later.features, later.customer)]
    }
    assert_allclose(odds[0.0], ranker.linear.log_odds(later.features) + np.log(0.5), rtol=1e-6)
    assert_allclose(odds[ranker.trust], ranker.trust * odds[1.0] + (1 - ranker.trust) * odds[0.0], rtol=1e-6)


def test_what_is_not_known_counts_as_the_mean_in_the_linear_model():
    # logarithms of 0, 3 and 8, without their sign: 0, ln 4 and ln 9
    described = np.array([[0, 1], [3, np.nan], [-8, 1], [np.nan, 1]], dtype=np.float32)
    linear = Linear.fit(described, np.array([False, True, False, True]))
    values = np.array([0, np.log(4), -np.log(9)])
    assert linear.means.tolist() == pytest.approx([values.mean(), np.log(2)], abs=1e-6)
    centred = [*(values - values.mean()), 0]
    assert linear.scales.tolist() == pytest.approx([np.std(centred), 1], abs=1e-6)
    assert linear.weights[0] > 0 == linear.weights[1]  # what does not vary tells nothing
    odds = linear.log_odds(described)
    assert odds[3] == linear.intercept
    assert_allclose(
        odds[:3], linear.intercept + linear.weights[0] * (values - values.mean()) / np.std(centred), rtol=1e-5
    )


def test_features_that_tell_nothing_change_nothing():
    window, later = drawn(1_500, 0), drawn(300, 1)

    def padded(part: Examples, constant: float) -> Examples:
        columns = [np.full(len(part.bought), value, dtype=np.float32) for value in (constant, np.nan)]
        return replace(part, features=np.column_stack([columns[0], part.features, columns[1]]))

    full = fit_ranker([padded(window, 3)], seed=0)
    # what did not vary may vary later: it was not learned from
    expected = full.score(padded(later, 3).features, later.customer)
    assert_array_equal(full.score(padded(later, 8).features, later.customer), expected)
    assert len(np.unique(expected)) > 100


def test_a_feature_may_be_unknown_for_some():
    window, later = drawn(3_000, 0), drawn(3_000, 1)
    for part in (window, later):
        part.features[::3, 0] = np.nan
    ranker = fit_ranker([window], seed=0)
    probability = ranker.score(later.features, later.customer)
    assert np.isfinite(probability).all()
    assert roc_auc_score(later.bought, probability) > 0.7


# ---- rank fusion


def given(scores: list[list[float]]) -> Scores:
    return Dense.of(csr_matrix(np.array(scores, dtype=np.float32)))


def test_fusion_worked_by_hand(purchases: Make):
    known = purchases([("ann", "jam", 9), ("ben", "egg", 9), ("ben", "nut", 9), ("ben", "tea", 9)])
    moment = fit_moment(known, 0, seed=0, models=("ease",))
    assert moment.components == ["recent_popularity", "goes_with", "ease"]
    scores = {
        "recent_popularity": given([[1, 4, 0, 2]]),  # ranks 3, 1, -, 2
        "goes_with": given([[0, 0, 0, 0]]),  # says nothing
        "ease": given([[3, -1, 2, 1]]),  # ranks 1, -, 2, 3
        "popularity": given([[9, 0, 0, 0]]),  # no component
    }
    chosen = Candidates(codes(0), scores, codes(0, 0, 0, 0), codes(0, 1, 2, 3))
    # ann's own: the second thing, jam
    expected = [1 / 63 + 1 / 61, 1 / 61 + 1 / 61, 1 / 62, 1 / 62 + 1 / 63]
    assert_allclose(fused(moment, chosen), expected)
    some = Candidates(codes(0), scores, codes(0, 0), codes(3, 1))
    assert_allclose(fused(moment, some), [expected[3], expected[1]])


def test_fusion_ranks_each_customer_apart(moment: Moment):
    together = fused(moment, both := shortlist(moment, codes(8, 90)))
    for place, customer in enumerate((8, 90)):
        alone = fused(moment, shortlist(moment, codes(customer)))
        assert_allclose(together[both.place == place], alone)
        assert (alone >= 0).all()
        assert alone.max() <= (len(moment.components) + 1) / 61


def test_fusion_beats_chance(moment: Moment):
    customers = active(moment.history, DAYS, seed=0)
    chosen = shortlist(moment, customers)
    bought = moment.history.window(DAYS)[customers].toarray()[chosen.place, chosen.item] > 0
    assert roc_auc_score(bought, fused(moment, chosen)) > 0.6


# ---- what was learned


def test_a_moment_and_a_ranker_can_be_kept(moment: Moment, ranker: Ranker):
    again = Moment.of(moment.history, unpack(pack(moment.learned())))
    kept = Ranker.of(unpack(pack(ranker.learned())))
    assert list(again.models) == list(moment.models)
    assert again.components == moment.components
    customers = np.arange(0, 250, 5)
    one, other = shortlist(moment, customers), shortlist(again, customers)
    assert_array_equal(one.place, other.place)
    assert_array_equal(one.item, other.item)
    described = features(moment, one)
    assert_array_equal(features(again, other), described)
    assert_array_equal(fused(again, other), fused(moment, one))
    assert_array_equal(kept.score(described, one.customer), ranker.score(described, one.customer))


def test_equal_fits_are_kept_in_equal_bytes(
    known: Shop, moment: Moment, windows: tuple[Examples, Examples], ranker: Ranker
):
    again = fit_moment(known, 2 * DAYS, seed=0, models=MODELS)
    assert pack(again.learned()) == pack(moment.learned())
    assert pack(fit_ranker(windows[:1], seed=0).learned()) == pack(ranker.learned())


def test_that_nothing_was_learned_can_be_kept():
    assert Ranker.of({}) is None


def test_what_was_learned_of_some_customers_scores_others(purchases: Make, town: Callable):
    # the models of the even customers score the odd ones, whom they never saw
    rows = [*town(80, 60), ("nut-000", "nut-00", 60)]
    learned = fit_moment(
        purchases([row for row in rows if int(row[0][-3:]) % 4 < 2]), 0, seed=0, models=MODELS
    )
    others = History(purchases([row for row in rows if int(row[0][-3:]) % 4 >= 2 or row[0] == "nut-000"]))
    assert learned.history.shape[1] == others.shape[1]
    moment = Moment.of(others, learned.learned())
    everybody = np.arange(others.shape[0])
    chosen = shortlist(moment, everybody)
    assert set(chosen.place) == set(everybody)
    assert fused(moment, chosen).min() > 0


def test_candidates_and_rankers_do_not_depend_on_the_threads(known: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "ROUNDS", 3)
    found = []
    for count in (1, 3):
        monkeypatch.setattr(threads, "THREADS", count)
        window = described(fit_moment(known, 2 * DAYS, seed=0, models=MODELS))
        found.append((window, fit_ranker([window], seed=0).score(window.features, window.customer)))
    (one, score), (other, same) = found
    assert_array_equal(other.item, one.item)
    assert_array_equal(other.features, one.features)
    assert_array_equal(same, score)
