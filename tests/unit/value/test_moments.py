import numpy as np
import pyarrow as pa
import pytest
from order_days import SEGMENTS, SHOP, shop_of, town

from palette.value.moments import Moment, order_days_of


def test_a_moment_knows_what_was_ordered_by_its_day():
    now = Moment(shop_of(SHOP))
    assert now.customers.tolist() == [0, 1, 2, 3]
    assert now.x.tolist() == [3, 1, 0, 0]
    assert (now.t_x * 7).tolist() == pytest.approx([30, 24, 0, 0])
    assert (now.age * 7).tolist() == pytest.approx([40, 35, 28, 0])
    assert now.silence.tolist() == [10, 11, 28, 0]
    assert now.spend.tolist() == [100, 16, -3, 5]
    assert now.repeat_spend.tolist() == [30, 9, 0, 0]
    then = Moment(shop_of(SHOP), 20)
    assert then.customers.tolist() == [0, 1, 2]
    assert then.x.tolist() == [2, 0, 0]
    assert (then.age * 7).tolist() == pytest.approx([20, 15, 8])
    assert then.history == 20


def test_spans_of_days_end_with_the_moment():
    orders, spend = Moment(shop_of(SHOP)).within(11, 11)
    assert orders.tolist() == [1, 0, 0, 1]
    assert spend.tolist() == [40, 0, 0, 5]
    orders, spend = Moment(shop_of(SHOP)).within(31, 12)  # days 10 to 21
    assert orders.tolist() == [2, 0, 1, 0]
    assert spend.tolist() == [50, 0, -3, 0]


def test_a_window_is_what_came_after_of_who_was_known():
    found = Moment(shop_of(SHOP), 20).window(20)
    assert found.orders.tolist() == [1, 1, 0]
    assert found.spend.tolist() == [40, 9, 0]
    assert found.first.tolist() == [10, 9, np.inf]
    assert Moment(shop_of(SHOP), 20).window(9).orders.tolist() == [0, 1, 0]


def test_gaps_are_those_between_order_days():
    code, days, before, since = Moment(shop_of(SHOP)).gaps
    assert code.tolist() == [0, 0, 0, 1]
    assert days.tolist() == [10, 10, 10, 24]
    assert before.tolist() == [0, 1, 2, 0]
    assert since.tolist() == [0, 10, 20, 0]


def test_segments_are_scored_at_the_moment():
    now = Moment(shop_of(SHOP))
    assert now.scores.tolist() == [[4, 5, 5], [2, 4, 4], [1, 1, 1], [5, 1, 2]]
    assert now.segments(SEGMENTS).shape == (4,)
    assert Moment(shop_of(SHOP), 20).scores[0].tolist() == [5, 5, 5]


def test_rows_may_be_in_any_order():
    rows = town(50)
    turned = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    one, other = Moment(shop_of(rows), 30), Moment(shop_of(turned), 30)
    for name in ("customers", "x", "t_x", "age", "spend", "scores", "last_spend"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_what_comes_later_is_not_known():
    rows = town(50)
    changed = [(customer, day, spend if day <= 350 else 99.0) for customer, day, spend in rows if day != 380]
    one, other = Moment(shop_of(rows), 50), Moment(shop_of(changed), 50)
    for name in ("customers", "x", "t_x", "age", "spend", "scores", "last_spend"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_what_comes_back_counts_on_the_day_it_does():
    rows = pa.table(
        {
            "customer_code": [0, 0, 0, 0, 1],
            "happened_on": [100, 110, 113, 125, 120],
            "last_ordered_at": pa.array([100 * 86_400, 110 * 86_400, None, None, 120 * 86_400], pa.int64()),
            "orders": [1, 1, 0, 0, 1],
            "order_lines": [1, 1, 0, 0, 1],
            "revenue": [10.0, 20.0, 0.0, 0.0, 5.0],
            "money_back": [0.0, 1.0, 4.0, 8.0, 0.0],
        }
    )
    then = Moment(order_days_of("shop", rows), 8)  # day 112: 4 come back a day later, 8 after all orders
    assert then.spend.tolist() == [29]
    assert then.repeat_spend.tolist() == [19]
    assert then.window(8).spend.tolist() == [-4]
    assert then.window(7).orders.tolist() == [0]
    assert then.within(10, 10)[1].tolist() == [19]
    now = Moment(order_days_of("shop", rows))
    assert now.spend.tolist() == [17, 5]
    assert now.x.tolist() == [1, 0]
    assert now.scores[:, 2].tolist() == [5, 1]
    net = Moment(order_days_of("shop", rows, money="net"), 0)
    assert net.scores[:, 2].tolist() == [5, 1]
