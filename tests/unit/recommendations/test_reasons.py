from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from small_shops import Shop, coded

from palette.recommendations import reasons as module
from palette.recommendations.hybrid import Moment, fit_moment
from palette.recommendations.models import EASE_PENALTY
from palette.recommendations.reasons import FACTS, Reasons

START = pd.Timestamp("2024-01-01")
MODELS = ("item_cosine", "goes_with", "ease")
ITEMS = "abcdefgh"
# Customer, day of 2024 (0.5 = noon of 1 January), items. The last purchase is at noon of 1 February.
GIVEN = [
    ("ann", 0.5, "ab"),
    ("ann", 10.5, "ac"),
    ("ann", 20.5, "ade"),
    ("ben", 2.5, "abf"),
    ("ben", 22.5, "a"),
    ("cat", 3.5, "bf"),
    ("dan", 4.5, "cf"),
    ("eve", 5.5, "cdf"),
    ("fay", 6.5, "g"),
    ("gus", 31.5, "bf"),
    ("gus", 31.5, "h"),
]


def at(*given: tuple[str, float, str], models: Sequence[str] = MODELS, days_back: int = 0) -> Moment:
    """Fit models on purchases; items are food, from `f` on drinks."""
    rows = [
        (customer, f"{customer}{day}", item, START + pd.Timedelta(minutes=round(day * 1440)))
        for customer, day, items in given
        for item in items
    ]
    purchases = pd.DataFrame(rows, columns=["customer_id", "order_id", "item_id", "ordered_at"]).assign(
        retailer="mall", channel="offline", units=1, amount=2.0
    )
    items = pd.DataFrame(
        {
            "retailer": "mall",
            "item_id": list(ITEMS),
            "category": "any",
            "super_category": ["food" if item < "f" else "drinks" for item in ITEMS],
        }
    )
    return fit_moment(coded(purchases, items), days_back, seed=0, models=models)


def codes(moment: Moment, *pairs: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turn 'ann f' into codes."""
    known = moment.history.purchases
    assert isinstance(known, Shop)
    customers, items = zip(*(pair.split() for pair in pairs), strict=True)
    return pd.Index(known.ids).get_indexer(pd.Index(customers)), np.array(
        [ITEMS.index(each) for each in items]
    )


def facts(list_name: str, moment: Moment, *pairs: str, model: str = "hybrid") -> pa.Table:
    ranked_by = np.full(len(pairs), model, dtype=object)
    found = pa.table(Reasons(moment).explain(list_name, *codes(moment, *pairs), ranked_by))
    return found.select([field.name for field in FACTS]).cast(pa.schema(FACTS))


def told(list_name: str, moment: Moment, *pairs: str, model: str = "hybrid") -> list[dict[str, object]]:
    """Return what is known of each pair, `neighbours` by item with weight and count of both."""
    rows = []
    for row in facts(list_name, moment, *pairs, model=model).to_pylist():
        neighbours = {}
        for place in (1, 2, 3):
            neighbour, weight, both = (row.pop(f"{name}_{place}") for name in ("neighbour", "weight", "both"))
            assert (neighbour is None) == (weight is None) == (both is None)
            if neighbour is not None:
                neighbours[ITEMS[neighbour]] = (weight, both)
        known = {name: value for name, value in row.items() if value is not None}
        rows.append(known | ({"neighbours": neighbours} if neighbours else {}))
    return rows


def buyers(*items: str, given: Sequence[tuple[str, float, str]] = GIVEN) -> int:
    """Count the customers of `GIVEN` who bought all of the items, over all of their orders."""
    bought: dict[str, set[str]] = {}
    for customer, _, basket in given:
        bought.setdefault(customer, set()).update(basket)
    return sum(set(items) <= basket for basket in bought.values())


def holding(*items: str, given: Sequence[tuple[str, float, str]] = GIVEN) -> int:
    """Count the orders of `GIVEN` that hold all of the items; an id has a customer and a time."""
    held: dict[tuple[str, float], set[str]] = {}
    for customer, day, basket in given:
        held.setdefault((customer, day), set()).update(basket)
    return sum(set(items) <= basket for basket in held.values())


def weights_of(moment: Moment, name: str = "ease") -> NDArray[np.float32]:
    state = moment.models[name].state
    return (state["weights"] if name == "ease" else state["similarities"]).toarray()


def solved(moment: Moment) -> NDArray[np.float64]:
    """Solve EASE in another way: regress every item on all others, with the penalty."""
    rows = moment.history.bought.toarray().astype(np.float64)
    weights = np.zeros((rows.shape[1], rows.shape[1]))
    for item in range(rows.shape[1]):
        others = np.delete(rows, item, axis=1)
        gram = others.T @ others + EASE_PENALTY * np.eye(others.shape[1])
        weights[:, item] = np.insert(np.linalg.solve(gram, others.T @ rows[:, item]), item, 0)
    return weights


def test_facts_are_of_their_types_and_none_for_no_rows():
    assert facts("next", at(*GIVEN), "ann a", "ann f", "ben g").num_rows == 3
    none = np.zeros(0, dtype=np.int64)
    for list_name in ("again", "next", "push"):
        found = pa.table(Reasons(at(*GIVEN)).explain(list_name, none, none, np.zeros(0, dtype=object)))
        assert set(found.column_names) == {field.name for field in FACTS}
        assert found.num_rows == 0


def test_neighbours_weigh_what_ease_says_strongest_first():
    moment = at(*GIVEN)
    (found,) = told("discover", moment, "ann f")
    assert set(found) == {"rests_on", "neighbours"}
    assert found["rests_on"] == "neighbours"
    # Of what ann bought, b was bought by three with f, c by two, a and d by one each, and e by ann alone.
    assert list(found["neighbours"]) == ["b", "c", "d"]
    f = 5
    weights = dict(zip(ITEMS, weights_of(moment)[:, f].tolist(), strict=True))
    assert weights["b"] > weights["c"] > weights["d"] > weights["a"] > 0 > weights["e"]
    for item, (weight, _) in found["neighbours"].items():
        assert weight == pytest.approx(weights[item], abs=5e-7)
        assert weight == pytest.approx(solved(moment)[ITEMS.index(item), f], abs=5e-6)


def test_counts_of_neighbours_are_customers_however_often_they_bought():
    (found,) = told("discover", at(*GIVEN), "ann f")
    counts = {item: both for item, (_, both) in found["neighbours"].items()}
    # b: ann, ben, cat, gus, of whom all but ann have f; c: ann, dan, eve; d: ann, eve.
    assert counts == {"b": 3, "c": 2, "d": 1}
    assert counts == {item: buyers(item, "f") for item in "bcd"}


def test_every_influence_is_true():
    moment = at(*GIVEN)
    ease = weights_of(moment)
    customer, item = (part.ravel() for part in np.indices(moment.history.shape))
    found = Reasons(moment).influences(customer, item)
    assert found.item.shape == found.weight.shape == found.both.shape == (7 * 8, 3)
    owned = moment.history.bought.toarray() > 0
    for row, (who, what) in enumerate(zip(customer, item, strict=True)):
        weights = np.where(owned[who] & (np.arange(8) != what), ease[:, what], 0).astype(np.float64)
        best = sorted(weights[weights > 0], reverse=True)[:3]
        assert found.weight[row].tolist() == best + [0] * (3 - len(best))
        for place in range(3):
            other = found.item[row, place]
            if place >= len(best):
                assert (other, found.both[row, place]) == (-1, 0)
                continue
            assert weights[other] == found.weight[row, place]
            assert found.both[row, place] == buyers(ITEMS[other], ITEMS[what])
        listed = found.item[row][found.item[row] >= 0]
        assert len(set(listed)) == len(listed)


def test_influences_do_not_depend_on_how_many_are_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch):
    moment = at(*GIVEN)
    customer, item = (part.ravel() for part in np.indices(moment.history.shape))
    whole = Reasons(moment).influences(customer, item)
    monkeypatch.setattr(module, "PAIRS_AT_A_TIME", 3)
    parts = Reasons(moment).influences(customer, item)
    for name in ("item", "weight", "both"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_without_ease_the_neighbours_are_those_of_the_cosine():
    moment = at(*GIVEN, models=["item_cosine"])
    (found,) = told("discover", moment, "ann f")
    # Of 5 buyers of f 3 took b, which 4 bought: 3 / sqrt(5 x 4). c 2 of 3, d 1 of 2, a 1 of 2, e none.
    expected = {"b": 3 / np.sqrt(5 * 4), "c": 2 / np.sqrt(5 * 3), "a": 1 / np.sqrt(5 * 2)}
    weights = {item: weight for item, (weight, _) in found["neighbours"].items()}
    assert list(weights) == ["b", "c", "a"]  # a and d weigh the same: the first of them
    assert weights == pytest.approx(expected, abs=1e-6)
    assert weights["b"] == pytest.approx(weights_of(moment, "item_cosine")[1, 5], abs=1e-6)


def test_a_single_model_speaks_for_what_it_ranked():
    moment = at(*GIVEN)

    def neighbours(model: str) -> object:
        (found,) = told("discover", moment, "ann f", model=model)
        return found.get("neighbours")

    def strongest(model: str) -> object:
        (found,) = told("discover", at(*GIVEN, models=[model]), "ann f")
        return found["neighbours"]

    assert neighbours("item_cosine") == strongest("item_cosine") != neighbours("ease") == strongest("ease")
    assert neighbours("als") == neighbours("hybrid") == neighbours("tifuknn") == neighbours("ease")
    assert told("discover", moment, "ann f", model="cluster_popularity") == [{"rests_on": "popularity"}]


def test_rows_of_several_models_are_told_each_by_its_own():
    moment = at(*GIVEN)
    names = ["ease", "item_cosine", "popularity", "ease"]
    pairs = ["ann f", "ann f", "ann f", "dan b"]
    found = Reasons(moment).explain("discover", *codes(moment, *pairs), np.array(names, dtype=object))
    for row, (pair, name) in enumerate(zip(pairs, names, strict=True)):
        (alone,) = facts("discover", moment, pair, model=name).to_pylist()
        assert {column: values[row].as_py() for column, values in found.items()} == alone


def test_what_goes_with_the_last_order_rests_on_that():
    moment = at(*GIVEN, ("ann", 70.5, "b"))
    (found,) = told("next", moment, "ann f", model="goes_with")
    assert found["rests_on"] == "neighbours"
    assert list(found["neighbours"]) == ["b"]


def test_what_a_customer_bought_is_told_by_that_whoever_ranked_it():
    moment = at(*GIVEN)
    for model in ("popularity", "als", "own_frequency"):
        assert told("next", moment, "ann a", model=model) == told("next", moment, "ann a")


def test_the_item_itself_is_no_reason():
    for models in (["ease"], ["item_cosine"]):
        moment = at(*GIVEN, models=models)
        found = Reasons(moment).influences(*codes(moment, "ann a", "fay g"))
        assert 0 not in found.item[0]
        assert found.item[1].tolist() == [-1, -1, -1]


def test_an_item_that_nothing_speaks_for_is_told_by_popularity():
    moment = at(*GIVEN, ("hal", 50.5, "g"), ("ivy", 60.5, "g"))
    assert told("next", moment, "ben g") == [{"rests_on": "popularity"}]


def test_without_a_model_of_items_what_is_new_to_a_customer_is_told_by_popularity():
    assert told("discover", at(*GIVEN, models=["popularity"]), "ann f") == [{"rests_on": "popularity"}]


def test_own_purchases_are_told_by_orders_and_the_last_day():
    first, second = told("next", at(*GIVEN), "ann a", "ann b")
    assert first == {"rests_on": "own_purchases", "orders": 3, "last_bought_on": date(2024, 1, 21)}
    assert second == {"rests_on": "own_purchases", "orders": 1, "last_bought_on": date(2024, 1, 1)}


def test_what_was_not_known_yet_is_not_told():
    earlier = at(*GIVEN, days_back=15)  # 17 January, noon
    own, new = told("next", earlier, "ann a", "ann f")
    assert (own["orders"], own["last_bought_on"]) == (2, date(2024, 1, 11))
    assert {item: both for item, (_, both) in new["neighbours"].items()} == {
        "a": 1,
        "b": 2,
        "c": 2,
    }  # not gus


def test_what_is_due_is_told_with_the_day_after_the_usual_interval():
    ann, ben = told("again", at(*GIVEN), "ann a", "ben a")
    # Intervals: ann's 10 days twice, ben's 20 once, usually 15. ann: (10 + 10 + 15) / 3 = 11.67 days after
    # noon of 21 January is 4 in the morning of 2 February; ben: (20 + 15) / 2 = 17.5 after 23 January.
    assert ann == {
        "rests_on": "own_purchases",
        "orders": 3,
        "last_bought_on": date(2024, 1, 21),
        "interval_days": pytest.approx((10 + 10 + 15) / 3),
        "expected_on": date(2024, 2, 2),
    }
    assert (ben["interval_days"], ben["expected_on"]) == (17.5, date(2024, 2, 10))
    # on another list nothing is expected
    assert "expected_on" not in told("next", at(*GIVEN), "ann a")[0]


def test_an_expected_day_may_have_passed():
    (found,) = told("again", at(*GIVEN, ("hal", 80.5, "h")), "ann a")
    assert found["expected_on"] == date(2024, 2, 2)


def test_push_names_what_was_bought_and_counts_orders():
    given = [
        ("ann", 1.5, "ab"),
        ("ann", 2.5, "ab"),
        ("ben", 3.5, "bc"),
        ("cat", 4.5, "ac"),
        ("dan", 9.5, "bd"),
    ]
    first, second = told("push", at(*given), "dan a", "dan c")
    # b is in 4 orders, 2 of them with a, which is in 3: 2 / sqrt(4 x 3). d goes with nothing else.
    assert first == {
        "rests_on": "last_order",
        "neighbours": {"b": (pytest.approx(2 / np.sqrt(12), abs=1e-6), 2)},
    }
    assert holding("b", given=given) == 4
    assert second["neighbours"] == {"b": (pytest.approx(1 / np.sqrt(4 * 2), abs=1e-6), 1)}


def test_push_rests_on_the_strongest_of_the_last_order_alone():
    given = [
        ("ann", 1.5, "abc"),
        ("ben", 2.5, "bc"),
        ("cat", 3.5, "ac"),
        ("cat", 4.5, "c"),
        ("dan", 5.5, "cd"),
        ("eve", 6.5, "cd"),
        ("dan", 9.5, "ab"),
    ]
    moment = at(*given)
    (found,) = told("push", moment, "dan c")  # that dan bought c himself is no reason for what goes with it
    # Of c's 6 orders 2 hold a and 2 hold b, of 3 each: the first of them. d, which is in no order without c,
    # goes with it better, but dan did not buy it that day.
    assert found == {
        "rests_on": "last_order",
        "neighbours": {"a": (pytest.approx(2 / np.sqrt(3 * 6), abs=1e-6), 2)},
    }
    assert weights_of(moment, "goes_with")[3, 2] == pytest.approx(2 / np.sqrt(2 * 6), abs=1e-6)
    companions = Reasons(moment).companions(*codes(moment, "dan c"))
    assert companions.item.tolist() == [[0, 1, -1]]
    assert companions.both.tolist() == [[holding("a", "c", given=given), holding("b", "c", given=given), 0]]


def test_rows_keep_their_order():
    moment = at(*GIVEN)
    pairs = ["eve a", "ann f", "ann a", "gus c", "ann f"]
    for name in ("next", "again", "push"):
        assert told(name, moment, *pairs) == [told(name, moment, pair)[0] for pair in pairs]


def test_a_purchase_at_midnight_is_of_the_day_that_begins():
    # The last purchase is at 00:13, and ann's at midnight.
    moment = at(("ann", 1, "a"), ("ben", 129 + 13 / 1440, "b"), models=["popularity"])
    (own,) = told("next", moment, "ann a")
    assert own["last_bought_on"] == date(2024, 1, 2)


def test_push_rests_on_what_was_bought_on_the_day_it_names():
    # the mart names the retailer's last day; cat's tea of the evening before is not of it
    given = [
        ("ann", 1.5, "ab"),
        ("ben", 2.5, "ab"),
        ("dan", 3.5, "bc"),
        ("cat", 8.95, "a"),
        ("cat", 9.35, "c"),
    ]
    moment = at(*given)
    (found,) = told("push", moment, "cat b")
    bought = {
        item: (START + pd.Timedelta(days=day)).date()
        for who, day, items in given
        for item in items
        if who == "cat"
    }
    assert [bought[item] for item in found["neighbours"]] == [moment.history.moment.date()]
