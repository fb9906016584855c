from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from small_histories import BEN, HOUR, REBOUGHT, SECOND, Make, codes, dense

from palette.recommendations import known as module
from palette.recommendations.history import History
from palette.recommendations.known import once


def test_a_purchase_of_the_moments_own_second_is_known_and_the_next_one_is_not(purchases: Make):
    known = purchases([("ann", "tea", 0), ("ann", "oat", 5), ("ann", "jam", 5 + SECOND), ("ann", "nut", 10)])
    jam, nut, oat, tea = range(4)
    history = History(known, days_back=5)
    assert history.moment == pd.Timestamp("2024-01-06")
    assert history.lines["item"].tolist() == [tea, oat]
    assert history.lines["age"].tolist() == [5, 0]
    assert history.bought.indices.tolist() == [oat, tea]
    assert np.flatnonzero(history.window(5).toarray()).tolist() == [jam, nut]
    assert np.flatnonzero(history.window(4).toarray()).tolist() == [jam]


def test_the_windows_of_consecutive_moments_hold_every_purchase_once(purchases: Make, town: Callable):
    rows = [*town(15, 70), ("nut-000", "nut-00", 70)]  # the end is a midnight, some moments hit purchases
    rows += [("nut-000", "nut-01", day) for day in (14, 28, 42, 56)]
    known = purchases(rows)
    for days_back in (56, 42, 28, 14):
        history = History(known, days_back)
        own = {(row[0], row[1]) for row in rows if 70 - days_back < row[2] <= 84 - days_back}
        customer, item = history.window(14).nonzero()
        ids = known.items["item_id"].to_numpy()
        assert set(zip(known.ids[customer], ids[item], strict=True)) == own
        assert history.window(14).max() == 1
        assert len(history.lines) == sum(row[2] <= 70 - days_back for row in rows)


def test_codes_are_the_same_at_every_moment(purchases: Make):
    known = purchases([("ben", "tea", 0), ("ann", "nut", 9)])
    for days_back in (0, 5):
        history = History(known, days_back)
        assert history.shape == (2, 2)
        assert dense(history.bought)[BEN] == [0, 1]


def test_orders_are_counted_and_bought_is_whether_there_is_one(purchases: Make):
    history = History(purchases([row for row in REBOUGHT if row[0] != "cat"]))
    assert dense(history.orders) == [[0, 3], [0, 2], [1, 1]]
    assert dense(history.bought) == [[0, 1], [0, 1], [1, 1]]
    assert history.bought.dtype == np.float32


def test_units_are_no_orders(purchases: Make):
    history = History(purchases([("ann", "tea", 0, {"units": 12})]))
    assert dense(history.orders) == [[1]]


def test_a_recent_purchase_counts_half_after_sixty_days(purchases: Make):
    rows = [("ann", "tea", 0), ("ann", "tea", 60), ("ann", "nut", 90), ("ann", "nut", 120)]
    history = History(purchases(rows))
    # ages: tea 120 and 60, nut 30 and 0
    assert_allclose(history.recent.toarray(), [[0.5**0.5 + 1, 0.25 + 0.5]])
    assert_allclose(History(purchases(rows), days_back=60).recent.toarray(), [[0, 0.5 + 1]])


def test_baskets_are_orders_whoever_and_whenever(purchases: Make):
    rows = [
        ("ann", "tea", 0),
        ("ann", "nut", 0),
        ("ann", "tea", 3),
        ("ben", "nut", 3),
        ("ben", "oat", 4, {"order_id": "two times"}),
        ("ben", "tea", 4 + HOUR, {"order_id": "two times"}),
        ("ben", "tea", 9),
    ]
    nut, oat, tea = range(3)
    known = purchases(rows)
    found = sorted(np.flatnonzero(row).tolist() for row in History(known).baskets.toarray())
    assert found == [[nut], [nut, tea], [oat, tea], [tea], [tea]]
    assert History(known, days_back=6).baskets.shape == (3, 3)


def test_today_is_the_moments_calendar_day(purchases: Make):
    rows = [
        ("ann", "oat", 10 - SECOND),  # the second before midnight
        ("ann", "nut", 10),
        ("ann", "tea", 10.5),
        ("ann", "jam", 12.5),
    ]
    jam, nut, oat, tea = range(4)
    known = purchases(rows)
    history = History(known, days_back=2)  # the noon of day 10
    assert history.days_today == pytest.approx(0.5)
    assert history.today.indices.tolist() == [nut, tea]
    assert History(known).today.indices.tolist() == [jam]
    assert history.bought.indices.tolist() == [nut, oat, tea]


def test_midnight_is_of_the_day_it_begins(purchases: Make):
    known = purchases([("ann", "oat", 9.75), ("ann", "tea", 10), ("ben", "oat", 9.75)])
    history = History(known)
    assert history.days_today == pytest.approx(0, abs=1e-6)
    assert dense(history.today) == [[0, 1], [0, 0]]
    assert (history.last_age < history.days_today).tolist() == [True, False]


def test_last_order_holds_what_was_bought_on_the_last_day(purchases: Make):
    rows = [("ann", "tea", 1), ("ann", "nut", 3.4), ("ann", "oat", 3.6), ("ben", "tea", 8)]
    known = purchases(rows)
    assert dense(History(known).last_order) == [[1, 1, 0], [0, 0, 1]]  # nut, oat, tea
    assert dense(History(known, days_back=6).last_order) == [[0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(3 + 8 * HOUR, [1, 1], id="in the morning of the same day"),
        pytest.param(3 - 1 * HOUR, [0, 1], id="in the evening before, ten hours ago"),
    ],
)
def test_last_order_is_of_a_calendar_day(purchases: Make, before: float, expected: list[float]):
    last = 3 + (21 if before > 3 else 9) * HOUR
    assert dense(History(purchases([("ann", "nut", before), ("ann", "oat", last)])).last_order) == [expected]


def test_pairs_hold_the_orders_and_the_days_since_the_first_and_the_last(purchases: Make):
    pairs = History(purchases(REBOUGHT)).pairs
    # key = customer x 2 + item
    assert pairs.key.tolist() == [1, 3, 5, 6, 7]
    assert pairs.orders.tolist() == [3, 2, 2, 1, 1]
    assert pairs.first_age.tolist() == [40, 35, 10, 0, 2]
    assert pairs.last_age.tolist() == [20, 5, 9.5, 0, 2]


def test_pairs_are_those_of_the_moment(purchases: Make):
    pairs = History(purchases(REBOUGHT), days_back=30).pairs
    assert pairs.key.tolist() == [1, 3]
    assert pairs.orders.tolist() == [2, 1]
    assert pairs.first_age.tolist() == [10, 5]
    assert pairs.last_age.tolist() == [0, 5]


def test_find_tells_where_a_pair_is_and_whether_it_is_there(purchases: Make):
    known = purchases(REBOUGHT)
    pairs = History(known).pairs
    position, found = pairs.find(codes(7, 0, 1, 4, 8, 7, 900))
    assert found.tolist() == [True, False, True, False, False, True, False]
    assert position[found].tolist() == [4, 0, 4]
    assert position.max() < len(pairs.key)
    position, found = History(known, days_back=41).pairs.find(codes(7, 0))
    assert position.tolist() == [0, 0]
    assert not found.any()


def test_orders_back_counts_from_the_customers_last_order(purchases: Make):
    rows = [
        ("ann", "tea", 0),
        ("ben", "tea", 1),
        ("ann", "nut", 2),
        ("ann", "tea", 2),
        ("ann", "tea", 5),
        ("ben", "tea", 6),
    ]
    known = purchases(rows)
    assert known.lines["customer"].tolist() == [0, 1, 0, 0, 0, 1]
    assert History(known).orders_back.tolist() == [2, 1, 1, 1, 0, 0]
    assert History(known, days_back=3).orders_back.tolist() == [1, 0, 0, 0]
    assert History(known, days_back=9).orders_back.tolist() == []


def test_learners_are_those_with_purchases_and_a_draw_of_many(
    purchases: Make, monkeypatch: pytest.MonkeyPatch
):
    rows = [(f"{number}", item, number) for number in range(8) for item in ("nut", "tea")]
    known = purchases([*rows, ("9", "tea", 12)])
    everybody = History(known, days_back=5)
    assert everybody.learners.tolist() == list(range(8))
    assert everybody.baskets_of(everybody.learns).shape == (8, 2)
    monkeypatch.setattr(module, "LEARNERS", 3)
    draws = [History(known, days_back=5, seed=seed) for seed in range(6)]
    for drawn in draws:
        assert len(set(drawn.learners.tolist())) == 3
        assert drawn.learners.tolist() == sorted(drawn.learners)
        assert drawn.learners.max() < 8  # customer 9 has bought nothing yet
        assert dense(drawn.baskets_of(drawn.learns)) == [[1, 1]] * 3
    assert len({tuple(drawn.learners) for drawn in draws}) > 1
    assert History(known, days_back=5, seed=3).learners.tolist() == draws[3].learners.tolist()
    monkeypatch.setattr(module, "LEARNERS", 8)
    assert History(known, days_back=5).learners.tolist() == list(range(8))


def test_what_batches_ask_for_side_by_side_is_worked_out_once(purchases: Make):
    together, asked = Barrier(2), []

    @once
    def slow(history: History, days: int) -> int:
        asked.append(history.days_back + days)
        sleep(0.05)
        return days

    def ask(history: History) -> int:
        together.wait()
        return slow(history, 7)

    history = History(purchases([("ann", "tea", 0)]))
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ask, [history, history])) == [7, 7]
    assert asked == [7]
    assert (slow(history, 8), slow(History(history.purchases), 7)) == (8, 7)
    assert asked == [7, 8, 7]
