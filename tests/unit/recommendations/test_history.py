from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_histories import ANN, BEN, CAT, DAN, HOUR, NUT, REBOUGHT, SECOND, TEA, Make, codes, dense

from palette.recommendations.codes import NEVER
from palette.recommendations.history import History


def test_usual_interval_is_the_median_of_the_repeat_buyers_own_means(purchases: Make):
    # ann: 20 days / 2 = 10, ben: 30 / 1 = 30; cat's two orders are half a day apart, dan has one
    assert_array_equal(History(purchases(REBOUGHT)).usual_interval, [np.nan, (10 + 30) / 2])
    assert_array_equal(History(purchases(REBOUGHT), days_back=20).usual_interval, [np.nan, 10])
    assert_array_equal(History(purchases(REBOUGHT), days_back=35).usual_interval, [np.nan, np.nan])


def test_one_slow_repeat_buyer_does_not_move_the_usual_interval(purchases: Make):
    rows = [("ann", "tea", 0), ("ann", "tea", 5), ("ben", "tea", 0), ("ben", "tea", 10)]
    history = History(purchases([*rows, ("cat", "tea", 0), ("cat", "tea", 90)]))
    assert history.usual_interval.tolist() == [10]


def test_repeat_rate_is_the_share_of_buyers_with_more_than_one_order(purchases: Make):
    history = History(purchases([*REBOUGHT, ("eve", "tea", 39)], unsold=["zip"]))
    assert history.repeat_rate.tolist() == [0, 3 / 5, 0]


def test_what_is_rebought_lately_is_asked_of_owners_who_ordered_and_leans_to_what_is_usual(purchases: Make):
    tea = [("ann", "tea", 0), ("ann", "tea", 30), ("ben", "tea", 5), ("cat", "tea", 2), ("dan", "tea", 39)]
    nut = [("ben", "nut", 1), ("ben", "nut", 35), ("eve", "nut", 40)]
    history = History(purchases([*tea, *nut], unsold=["zip"]))
    # nut: ben did; tea: ann did and ben did not; cat ordered nothing since, dan and eve owned nothing
    usual = 2 / 3
    expected = [(1 + 2 * usual) / (1 + 2), (1 + 2 * usual) / (2 + 2), usual]
    assert_allclose(history.lately_rebought, expected)


def test_interval_is_the_mean_of_the_own_ones_and_the_usual_one(purchases: Make):
    history = History(purchases(REBOUGHT))
    # usual: 20
    customer, item = codes(DAN, ANN, BEN, CAT, DAN), codes(TEA, TEA, TEA, TEA, NUT)
    expected = [20, (10 + 10 + 20) / 3, (30 + 20) / 2, 20, np.nan]
    assert_allclose(history.interval(customer, item), expected)
    since = np.array([2, 20, 5, 9.5, 0])
    assert_allclose(history.due_in(customer, item), expected - since)


def test_an_interval_is_of_the_moment(purchases: Make):
    history = History(purchases(REBOUGHT), days_back=20)
    # ann alone has bought twice, the last time this very day; ben 15 days ago
    assert_allclose(history.interval(codes(ANN, BEN), codes(TEA, TEA)), [(10 + 10 + 10) / 3, 10])
    assert_allclose(history.due_in(codes(ANN, BEN), codes(TEA, TEA)), [10, 10 - 15])


def test_there_is_no_interval_of_what_was_never_bought(purchases: Make):
    history = History(purchases(REBOUGHT))
    for function in (history.interval, history.due_in):
        with pytest.raises(ValueError, match="never bought"):
            function(codes(ANN, ANN), codes(TEA, NUT))
        assert function(codes(), codes()).tolist() == []
    with pytest.raises(ValueError, match="never bought"):
        History(purchases(REBOUGHT), days_back=20).interval(codes(CAT), codes(TEA))


def test_purchases_a_day_apart_have_the_usual_interval_at_any_moment(purchases: Make):
    minute = 1 / 1_440
    rows = [("ann", "tea", 0), ("ann", "tea", 10), ("ben", "tea", 2), ("ben", "tea", 3)]
    later = [("zoe", "nut", day) for day in 10 + np.arange(0, 60) * minute]
    for end in range(len(later)):
        history = History(purchases([*rows, later[end]]))
        assert history.interval(codes(BEN), codes(TEA)).tolist() == [10], end


def test_buyers_are_customers_not_orders(purchases: Make):
    known = purchases(REBOUGHT, unsold=["zip"])
    assert History(known).buyers.tolist() == [1, 4, 0]
    assert History(known, days_back=30).buyers.tolist() == [0, 2, 0]


def test_buyers_within_counts_whole_days_back_from_the_moment(purchases: Make):
    ages = {"ann": 0, "ben": 6.5, "cat": 7, "dan": 336.5, "eve": 337, "fay": 364.5, "gil": 365}
    rows = [(customer, "tea", 365 - age) for customer, age in ages.items()]
    history = History(purchases([*rows, ("ann", "tea", 364)]))
    assert history.buyers_within(7).tolist() == [2]  # ann once, ben
    assert history.buyers_within(8).tolist() == [3]  # and cat
    assert history.buyers_within(28, first_day=365).tolist() == [2]  # eve and fay
    assert history.within(7, 7).max() == 1
    assert dense(history.within(8, 2)) == [[0], [1], [1], [0], [0], [0], [0]]


def test_first_and_last_sold(purchases: Make):
    known = purchases(REBOUGHT, unsold=["zip"])
    assert History(known).first_sold.tolist() == [0, 40, NEVER]
    assert History(known).last_sold.tolist() == [0, 2, NEVER]
    assert History(known, days_back=25).first_sold.tolist() == [NEVER, 15, NEVER]
    assert History(known, days_back=25).last_sold.tolist() == [NEVER, 5, NEVER]


def test_price_is_what_was_paid_for_all_units_by_their_number(purchases: Make):
    rows = [
        ("ann", "tea", 0, {"units": 2, "amount": 6.0}),
        ("ben", "tea", 1, {"units": 4, "amount": 3.0}),
        ("ben", "tea", 9, {"units": 1, "amount": 99.0}),
    ]
    known = purchases(rows, unsold=["zip"])
    assert_array_equal(History(known, days_back=5).price, [(6 + 3) / (2 + 4), np.nan])
    assert_array_equal(History(known).price, [(6 + 3 + 99) / (2 + 4 + 1), np.nan])


def test_an_item_is_online_once_it_was_bought_online(purchases: Make):
    rows = [("ann", "tea", 0), ("ben", "tea", 4, {"channel": "online"}), ("ben", "nut", 9)]
    known = purchases(rows)
    assert History(known).online.tolist() == [False, True]
    assert History(known, days_back=5).online.tolist() == [False, True]
    assert History(known, days_back=6).online.tolist() == [False, False]


def test_what_customers_did(purchases: Make):
    rows = [
        ("ann", "nut", 0, {"units": 3, "amount": 6.0}),  # a nut is 2, a tea 8
        ("ann", "tea", 0, {"units": 1, "amount": 8.0}),
        ("ann", "tea", 13, {"units": 1, "amount": 8.0}),
        ("ben", "tea", 20, {"units": 2, "amount": 16.0}),
    ]
    history = History(purchases(rows))
    assert history.customer_orders.tolist() == [2, 1]
    assert history.customer_items.tolist() == [3, 1]
    assert history.monetary.tolist() == [22, 16]
    assert history.first_age.tolist() == [20, 0]
    assert history.last_age.tolist() == [7, 0]
    assert history.orders_within(7).tolist() == [0, 1]
    assert history.orders_within(8).tolist() == [1, 1]
    assert history.orders_within(21).tolist() == [2, 1]
    assert_allclose(history.log_price, [np.log(2 * 8 * 8) / 3, np.log(8)])


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        # the last of all is on day 9 at noon; ann's on day 8 at ten in the evening, ben's on day 8 at noon
        pytest.param("elapsed_days", [1, 2, 8, 1], id="whole days of 24 hours"),
        pytest.param("calendar_days", [2, 2, 9, 1], id="calendar days"),
    ],
)
def test_recency_is_to_the_day_after_the_last_of_all(purchases: Make, unit: str, expected: list[float]):
    rows = [
        ("ann", "tea", 8 + 22 * HOUR),
        ("ann", "tea", 3),
        ("ben", "tea", 8.5),
        ("cat", "tea", 1 + 23 * HOUR),
    ]
    known = purchases([*rows, ("dan", "tea", 9.5), ("eve", "tea", 14)], recency_unit=unit)
    assert known.recency_unit == unit
    # five days ago: what came later does not count, and eve has bought nothing
    assert History(known, days_back=4).recency.tolist() == [*expected, NEVER]


def test_recency_counts_from_the_last_known_purchase_not_from_the_moment(purchases: Make):
    known = purchases([("ann", "tea", 0), ("ben", "tea", 3), ("ann", "tea", 30)])
    assert History(known, days_back=10).recency.tolist() == [4, 1]
    assert History(known).recency.tolist() == [1, 28]
    assert History(known, days_back=31).recency.tolist() == [NEVER, NEVER]


def test_frequency_counts_order_lines_and_monetary_what_was_paid(purchases: Make):
    rows = [
        ("ann", "nut", 0, {"order_lines": 2, "amount": 6.0}),
        ("ann", "tea", 0, {"order_lines": 1, "amount": 8.5}),
        ("ben", "tea", 1, {"order_lines": 3, "amount": 0.1}),
        ("ben", "nut", 4, {"order_lines": 1, "amount": 0.2}),
    ]
    known = purchases(rows)
    assert History(known).frequency.tolist() == [3, 4]
    assert History(known).monetary.tolist() == [14.5, 0.3]  # not 0.30000000000000004
    assert History(known, days_back=2).frequency.tolist() == [3, 3]
    assert History(known, days_back=2).monetary.tolist() == [14.5, 0.1]


def test_money_given_back_by_then_is_taken_off(purchases: Make):
    day = pd.Timedelta(days=1)
    rows = [
        ("ann", "tea", 0, {"amount": 8.5}),
        ("ben", "tea", 0, {"amount": 1.0}),
        ("ann", "nut", 9, {"amount": 1.0}),
    ]
    known = purchases(rows)
    back = [(0, known.end - 5 * day, 2.0), (0, known.end + day, 4.0), (1, known.end - 3 * day, 3.0)]
    given = pa.table(
        {
            "customer_code": [customer for customer, _, _ in back],
            "returned_at": [time.value // 10**9 for _, time, _ in back],
            "amount": [amount for _, _, amount in back],
        }
    )
    net = purchases(rows, money_back=given)
    assert History(known).monetary.tolist() == [9.5, 1.0]
    assert History(net).monetary.tolist() == [3.5, -2.0]
    assert History(net, days_back=4).monetary.tolist() == [6.5, 1.0]
    assert History(net, days_back=6).monetary.tolist() == [8.5, 1.0]


def test_times_are_shares_of_orders(purchases: Make):
    minute = HOUR / 60
    hours = {  # of an order, from midnight; dawn is from one to nine, dinner from seven to one
        "dawn": [HOUR, 8 * HOUR + 59 * minute],
        "dinner": [19 * HOUR, 23 * HOUR + 59 * minute, 0, 59 * minute],
        "else": [9 * HOUR, 18 * HOUR + 59 * minute],
    }
    rows = [(name, "tea", 7 + day + hour) for name, found in hours.items() for day, hour in enumerate(found)]
    rows += [("dawn", "nut", 7 + HOUR), ("mixed", "tea", 12.5), ("mixed", "tea", 13 + 2 * HOUR)]
    rows += [("mixed", "tea", 15.9), ("mixed", "nut", 15.9), ("mixed", "tea", 18.5)]
    history = History(purchases([*rows, ("new", "tea", 20 + 3 * HOUR)]), days_back=1)
    assert history.purchases.ids.tolist() == ["dawn", "dinner", "else", "mixed", "new"]
    assert {name: share.tolist() for name, share in history.times.items()} == {
        "r_weekend": [0, 0, 0, 2 / 4, 0],  # day 12 is a Saturday
        "r_dawn": [1, 0, 0, 1 / 4, 0],
        "r_dinner": [0, 1, 0, 1 / 4, 0],
    }


def test_a_holiday_is_free_as_a_weekend_is(purchases: Make):
    history = History(
        purchases([("ann", "tea", 1, {"is_day_off": True}), ("ann", "tea", 2, {"is_day_off": False})])
    )
    assert history.times["r_weekend"].tolist() == [1 / 2]


def test_online_share_is_of_items(purchases: Make):
    web = {"channel": "online"}
    rows = [("ann", "tea", 0), ("ann", "nut", 0), ("ann", "tea", 3, web), ("ben", "tea", 4, web)]
    history = History(purchases([*rows, ("cat", "tea", 9)]), days_back=5)
    assert history.online_share.tolist() == [1 / 3, 1, 0]


def test_offline_only_is_who_never_bought_online(purchases: Make):
    rows = [
        ("ann", "tea", 0),
        ("ann", "nut", 1, {"channel": "online"}),
        ("ben", "tea", 0),
        ("cat", "tea", 9, {"channel": "online"}),
        ("dan", "tea", 10),
    ]
    known = purchases(rows)
    assert History(known).offline_only.tolist() == [False, True, False, True]
    assert History(known, days_back=10).offline_only.tolist() == [True, True, False, False]


def test_orders_since_counts_the_orders_younger_than_an_age(purchases: Make):
    rows = [("ann", "tea", day) for day in (0, 10, 20)] + [("ann", "nut", 20), ("ben", "tea", 5)]
    known = purchases([*rows, ("zoe", "tea", 30)])
    history = History(known, days_back=10)
    # ann's orders are 20, 10 and 0 days old, ben's is 15, and zoe has none
    ages = np.array([0, 0.5, 10, 10.5, 20, 21, 15, 15.5, 0, 21])
    customer = codes(0, 0, 0, 0, 0, 0, 1, 1, 2, 2)
    assert history.orders_since(customer, ages).tolist() == [0, 1, 1, 2, 2, 3, 0, 1, 0, 0]


def test_orders_since_agrees_with_counting(purchases: Make, town: Callable):
    history = History(purchases(town(40, 200)), days_back=30)
    orders = history.lines.drop_duplicates(["customer", "order"])
    pairs = history.pairs
    customer = pairs.key // history.shape[1]
    expected = [
        ((orders["customer"] == code) & (orders["age"] < age)).sum()
        for code, age in zip(customer, pairs.first_age, strict=True)
    ]
    assert history.orders_since(customer, pairs.first_age).tolist() == expected


def test_scores_are_quintiles_and_five_is_best(purchases: Make):
    rows = [
        (f"customer {number}", f"item {line}", number, {"amount": (number * 7) % 10 + 1})
        for number in range(10)
        for line in range(10 - number)
    ]
    r, f, m = History(purchases(rows)).scores.T
    assert r.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]  # the last has just bought
    assert f.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]  # the first bought most
    # lines x price: 10 x 1, 9 x 8, 8 x 5, 7 x 2, 6 x 9, 5 x 6, 4 x 3, 3 x 10, 2 x 7, 1 x 4
    #              =     10,    72,    40,    14,    54,    30,    12,     30,    14,     4
    assert m.tolist() == [1, 5, 4, 2, 5, 3, 2, 3, 2, 1]


def test_equal_customers_have_equal_scores(purchases: Make):
    rows = [(name, item, 0.25) for name in "abcd" for item in ("nut", "tea")]
    rows += [(name, "tea", 0.75) for name in "efghij"]  # hours do not count
    scores = History(purchases(rows)).scores
    assert len(np.unique(scores[:4], axis=0)) == len(np.unique(scores[4:], axis=0)) == 1
    assert scores[0, 0] == scores[9, 0]
    assert (scores[0, 1:] > scores[9, 1:]).all()


def test_scores_are_of_the_moment_and_0_without_purchases(purchases: Make):
    rows = [(f"{number}", "tea", number) for number in range(10)]
    later = [(f"{number}", "tea", 20 + number) for number in (10, 11, 12)]
    scores = History(purchases([*rows, *later]), days_back=23).scores
    codes_by_id = pd.Series(scores[:, 0], index=sorted(str(number) for number in range(13)))
    assert codes_by_id[[str(number) for number in range(13)]].tolist() == [
        1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 0, 0, 0,
    ]  # fmt: skip


def test_recency_scores_are_those_of_the_mart_customer_rfm(purchases: Make):
    rows = [(f"{number}", "tea", number) for number in range(6)]
    recency = np.arange(6, 0, -1)  # days from the last order to the day after the last of all
    edges = np.quantile(recency, [0.2, 0.4, 0.6, 0.8])  # 2, 3, 4, 5
    mart = 6 - (1 + (recency[:, None] > edges).sum(axis=1))  # macros/segments/quintile.sql
    assert mart.tolist() == [1, 2, 3, 4, 5, 5]
    assert History(purchases(rows)).scores[:, 0].tolist() == mart.tolist()


def test_category_share_is_of_the_lines(purchases: Make):
    rows = [
        ("ann", "food-tea", 0),
        ("ann", "food-nut", 0),
        ("ann", "food-tea", 3, {"units": 50}),
        ("ann", "home-mug", 3),
        ("ben", "home-mug", 9),
    ]
    known = purchases(rows, unsold=["art-pen"])
    history = History(known)
    assert history.categories[0].tolist() == [0, 1, 1, 2]  # pen: art, nut and tea: food, mug: home
    assert history.categories[1] == 3
    assert history.category_share.tolist() == [[0, 3 / 4, 1 / 4], [0, 0, 1]]
    assert History(known, days_back=5).category_share.tolist() == [[0, 3 / 4, 1 / 4], [0, 0, 0]]


def test_customers_without_purchases_at_the_moment(purchases: Make):
    history = History(purchases(REBOUGHT), days_back=30)
    later = codes(CAT, DAN)
    for days in (history.first_age, history.last_age):
        assert days[later].tolist() == [NEVER, NEVER]
    for counts in (
        history.customer_orders,
        history.customer_items,
        history.monetary,
        history.orders_within(99),
    ):
        assert counts[later].tolist() == [0, 0]
    for matrix in (history.orders, history.bought, history.recent, history.last_order, history.today):
        assert matrix.shape == (4, 2)
        assert matrix[later].nnz == 0
    assert np.isnan(history.log_price[later]).all()
    assert history.scores[later].tolist() == [[0, 0, 0], [0, 0, 0]]
    assert history.category_share[later].tolist() == [[0, 0], [0, 0]]
    assert not history.offline_only[later].any()
    assert dense(history.window(99)[later]) == [[0, 1], [1, 1]]


@pytest.mark.filterwarnings("error")
def test_a_moment_before_the_first_purchase_knows_nothing(purchases: Make):
    history = History(purchases(REBOUGHT), days_back=50)
    assert history.lines.empty
    for matrix in (history.orders, history.bought, history.recent, history.last_order, history.today):
        assert dense(matrix) == [[0, 0]] * 4
    assert history.baskets.shape == (0, 2)
    assert history.pairs.key.tolist() == []
    assert history.buyers.tolist() == history.buyers_within(28).tolist() == [0, 0]
    assert history.first_sold.tolist() == history.last_sold.tolist() == [NEVER, NEVER]
    assert np.isnan([history.price, history.usual_interval]).all()
    assert history.repeat_rate.tolist() == history.lately_rebought.tolist() == [0, 0]
    assert not history.online.any()
    assert history.scores.tolist() == [[0, 0, 0]] * 4
    assert history.recency.tolist() == [NEVER] * 4
    assert history.learners.tolist() == history.orders_back.tolist() == []
    assert [share.tolist() for share in history.times.values()] == [[0] * 4] * 3
    assert history.category_share.tolist() == [[0, 0]] * 4
    assert history.orders_since(codes(ANN), np.array([5.0])).tolist() == [0]
    assert history.window(9).nnz == 0
    assert dense(history.window(15)) == [[0, 1], [0, 1], [0, 0], [0, 0]]


@pytest.mark.parametrize("days_back", [30, 77])
def test_no_form_of_a_history_changes_with_what_comes_after(purchases: Make, town: Callable, days_back: int):
    rows = [*town(12, 60), ("nut-000", "nut-00", 60)]
    known = History(purchases(rows))
    later = [(customer, item, day + 60 + SECOND) for customer, item, day in rows if day < days_back]
    later += [("nut-000", "nut-00", 60 + days_back)]
    again = History(purchases([*rows, *later]), days_back)
    for name in ("orders", "bought", "recent", "last_order", "today"):
        assert_array_equal(getattr(again, name).toarray(), getattr(known, name).toarray(), name)
    assert_array_equal(again.baskets.toarray().sum(axis=0), known.baskets.toarray().sum(axis=0))
    for name in ("key", "orders", "amount", "first_age", "last_age"):
        assert_array_equal(getattr(again.pairs, name), getattr(known.pairs, name), name)
    names = (
        "moment days_today buyers first_sold last_sold price usual_interval repeat_rate lately_rebought "
        "online customer_orders customer_items last_age first_age recency frequency monetary paid "
        "orders_back online_share offline_only log_price scores category_share learners"
    )
    for name in names.split():
        assert_array_equal(getattr(again, name), getattr(known, name), name)
    assert_array_equal(list(again.times.values()), list(known.times.values()))
