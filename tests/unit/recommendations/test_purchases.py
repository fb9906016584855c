from collections.abc import Callable

import pandas as pd
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from small_histories import Make
from small_shops import coded

from palette.recommendations.history import History


def test_customers_items_and_orders_are_positions_in_the_sorted_ids(tables: Callable):
    rows = [
        ("eve", "tea", 7, {"order_id": "7", "channel": "online", "units": 3, "amount": 12.5}),
        ("bob", "tea", 5.5, {"order_id": "9", "order_lines": 2}),
        ("eve", "oat", 7, {"order_id": "7"}),
    ]
    known = coded(*tables(rows, unsold=["jam"]))
    assert known.customers == 2
    assert known.ids.tolist() == ["bob", "eve"]
    assert known.items["item_id"].tolist() == ["jam", "oat", "tea"]
    assert known.end == pd.Timestamp("2024-01-08")
    assert known.span == 1.5
    assert known.lines.to_dict("list") == {
        "customer": [0, 1, 1],
        "item": [2, 1, 2],
        "order": [0, 1, 1],
        "time": [-129_600, 0, 0],
        "units": [1, 1, 3],
        "amount": [1, 1, 12.5],
        "order_lines": [2, 1, 1],
        "online": [False, False, True],
        "day_off": [True, False, False],
    }


def test_purchases_are_the_same_whatever_the_order_of_the_rows(tables: Callable, town: Callable):
    rows = [*town(20, 60), ("tea-001", "jam-a", 30.25), ("nut-000", "jam-a", 30.25)]
    bought, items = tables(rows, unsold=["jam-b"])
    expected = coded(bought, items)
    for seed in range(3):
        shuffled = (table.sample(frac=1, random_state=seed) for table in (bought, items))
        found = coded(*shuffled)
        assert_frame_equal(found.lines, expected.lines)
        assert_frame_equal(found.items, expected.items)
        assert_array_equal(found.ids, expected.ids)
        assert found.end == expected.end


def test_an_order_of_two_customers_is_two_orders(purchases: Make):
    same = {"order_id": "7"}
    known = purchases(
        [("ann", "tea", 0, same), ("ben", "tea", 0, same), ("ann", "nut", 1, {"order_id": "8"})]
    )
    assert known.lines[["customer", "order"]].to_numpy().tolist() == [[0, 0], [1, 2], [0, 1]]
    assert History(known).customer_orders.tolist() == [2, 1]
