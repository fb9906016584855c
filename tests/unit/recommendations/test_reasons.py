import json
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from palette.recommendations import reasons as module
from palette.recommendations.history import purchases_of
from palette.recommendations.hybrid import Moment, fit_moment
from palette.recommendations.models import EASE_PENALTY, Ease, GoesWith, Neighbours
from palette.recommendations.reasons import companions, explain, influences

START = pd.Timestamp("2024-01-01")
MODELS = ("item_cosine", "goes_with", "ease")
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
NAMES = {
    "a": "Açaí",
    "b": "Bread",
    "c": "Cocoa",
    "d": "Dates",
    "e": "Eggs",
    "f": "Figs",
    "g": "Gin",
    "h": "Ham",
}


def at(
    *given: tuple[str, float, str], models: Sequence[str] = MODELS, days_back: int = 0, ids: str = "abcdefgh"
) -> Moment:
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
            "item_id": list(ids),
            "item_name": [NAMES.get(item, item) for item in ids],
            "category": "any",
            "super_category": ["food" if item < "f" else "drinks" for item in ids],
        }
    )
    return fit_moment(purchases_of("mall", purchases, items), days_back, seed=0, models=models)


def codes(moment: Moment, *pairs: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turn 'ann f' into codes."""
    purchases = moment.history.purchases
    customers, items = zip(*(pair.split() for pair in pairs), strict=True)
    return (
        pd.Index(purchases.customers).get_indexer(pd.Index(customers)),
        pd.Index(purchases.items["item_id"].to_numpy(dtype=object)).get_indexer(pd.Index(items)),
    )


def told(
    list_name: str, moment: Moment, *pairs: str, model: str = "hybrid"
) -> list[tuple[str, dict[str, object], object]]:
    """Return reason, evidence and expected date of each pair."""
    texts, evidence, expected = explain(list_name, moment, *codes(moment, *pairs), model)
    return list(zip(texts, map(json.loads, evidence), expected, strict=True))


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


def solved(moment: Moment) -> NDArray[np.float64]:
    """Solve EASE in another way: regress every item on all others, with the penalty."""
    rows = moment.history.bought.toarray().astype(np.float64)
    weights = np.zeros((rows.shape[1], rows.shape[1]))
    for item in range(rows.shape[1]):
        others = np.delete(rows, item, axis=1)
        gram = others.T @ others + EASE_PENALTY * np.eye(others.shape[1])
        weights[:, item] = np.insert(np.linalg.solve(gram, others.T @ rows[:, item]), item, 0)
    return weights


def test_neighbours_weigh_what_ease_says_strongest_first():
    moment = at(*GIVEN)
    ease = moment.models["ease"]
    assert isinstance(ease, Ease)
    ((_, evidence, expected),) = told("discover", moment, "ann f")
    assert expected is None
    assert evidence["rests_on"] == "neighbours"
    # Of what ann bought, b was bought by three with f, c by two, a and d by one each, and e by ann alone.
    assert [row["item_id"] for row in evidence["neighbours"]] == ["b", "c", "d"]
    f = 5
    weights = {"abcdefgh"[item]: float(ease.weights[item, f]) for item in range(8)}
    assert weights["b"] > weights["c"] > weights["d"] > weights["a"] > 0 > weights["e"]
    for row in evidence["neighbours"]:
        assert row["weight"] == pytest.approx(weights[row["item_id"]], abs=5e-7)
        assert row["weight"] == pytest.approx(solved(moment)["abcdefgh".index(row["item_id"]), f], abs=5e-6)


def test_counts_of_neighbours_are_customers_however_often_they_bought():
    ((reason, evidence, _),) = told("discover", at(*GIVEN), "ann f")
    counts = {row["item_id"]: (row["buyers"], row["buyers_of_both"]) for row in evidence["neighbours"]}
    # b: ann, ben, cat, gus, of whom all but ann have f; c: ann, dan, eve; d: ann, eve.
    assert counts == {"b": (4, 3), "c": (3, 2), "d": (2, 1)}
    assert counts == {item: (buyers(item), buyers(item, "f")) for item in "bcd"}
    assert reason == (
        "Goes with what they bought: Bread (3 of its 4 buyers took both), "
        "Cocoa (2 of its 3 buyers took both), Dates (1 of its 2 buyers took both)"
    )
    assert evidence["buyers"] == 5  # ben, cat, dan, eve, gus
    assert evidence["buyers_28_days"] == 3  # since 4 January, noon: dan, eve, gus


def test_every_influence_is_true():
    moment = at(*GIVEN)
    ease = moment.models["ease"]
    assert isinstance(ease, Ease)
    customer, item = (part.ravel() for part in np.indices(moment.history.shape))
    found = influences(moment, customer, item)
    assert found.item.shape == found.weight.shape == (7 * 8, 3)
    owned = moment.history.bought.toarray() > 0
    for row, (who, what) in enumerate(zip(customer, item, strict=True)):
        weights = np.where(owned[who] & (np.arange(8) != what), ease.weights[:, what], 0).astype(np.float64)
        best = sorted(weights[weights > 0], reverse=True)[:3]
        assert found.weight[row].tolist() == best + [0] * (3 - len(best))
        for place in range(3):
            other = found.item[row, place]
            if place >= len(best):
                assert (other, found.buyers[row, place], found.both[row, place]) == (-1, 0, 0)
                continue
            assert weights[other] == found.weight[row, place]
            one, two = "abcdefgh"[other], "abcdefgh"[what]
            assert (found.buyers[row, place], found.both[row, place]) == (buyers(one), buyers(one, two))
        listed = found.item[row][found.item[row] >= 0]
        assert len(set(listed)) == len(listed)


def test_influences_do_not_depend_on_how_many_are_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch):
    moment = at(*GIVEN)
    customer, item = (part.ravel() for part in np.indices(moment.history.shape))
    whole = influences(moment, customer, item)
    monkeypatch.setattr(module, "PAIRS_AT_A_TIME", 3)
    parts = influences(moment, customer, item)
    for name in ("item", "weight", "buyers", "both"):
        assert np.array_equal(getattr(parts, name), getattr(whole, name))


def test_without_ease_the_neighbours_are_those_of_the_cosine():
    moment = at(*GIVEN, models=["item_cosine"])
    ((reason, evidence, _),) = told("discover", moment, "ann f")
    # Of 5 buyers of f 3 took b, which 4 bought: 3 / sqrt(5 x 4). c 2 of 3, d 1 of 2, a 1 of 2, e none.
    expected = {"b": 3 / np.sqrt(5 * 4), "c": 2 / np.sqrt(5 * 3), "a": 1 / np.sqrt(5 * 2)}
    weights = {row["item_id"]: row["weight"] for row in evidence["neighbours"]}
    assert list(weights) == ["b", "c", "a"]  # a and d weigh the same: the first of them
    assert weights == pytest.approx(expected, abs=1e-6)
    assert reason.startswith("Goes with what they bought: Bread (3 of its 4 buyers took both), Cocoa (2 of")
    cosine = moment.models["item_cosine"]
    assert isinstance(cosine, Neighbours)
    assert weights["b"] == pytest.approx(float(cosine.similarities[1, 5]), abs=1e-6)


def test_a_single_model_speaks_for_what_it_ranked():
    moment = at(*GIVEN)

    def neighbours(model: str) -> object:
        ((_, evidence, _),) = told("discover", moment, "ann f", model=model)
        return evidence.get("neighbours")

    def strongest(model: str) -> list[dict[str, object]]:
        ((_, evidence, _),) = told("discover", at(*GIVEN, models=[model]), "ann f")
        return evidence["neighbours"]

    assert neighbours("item_cosine") == strongest("item_cosine") != neighbours("ease") == strongest("ease")
    assert neighbours("als") == neighbours("hybrid") == neighbours("ease")
    ((reason, evidence, _),) = told("discover", moment, "ann f", model="cluster_popularity")
    assert reason == "Bought by 3 customers in the last 28 days"
    assert evidence["rests_on"] == "popularity"


def test_what_goes_with_the_last_order_rests_on_that():
    moment = at(*GIVEN, ("ann", 70.5, "b"))
    ((_, evidence, _),) = told("next", moment, "ann f", model="goes_with")
    assert [row["item_id"] for row in evidence["neighbours"]] == ["b"]


def test_what_a_customer_bought_is_told_by_that_whoever_ranked_it():
    moment = at(*GIVEN)
    for model in ("popularity", "als", "own_frequency"):
        assert told("next", moment, "ann a", model=model) == told("next", moment, "ann a")


def test_the_item_itself_is_no_reason():
    for models in (["ease"], ["item_cosine"]):
        moment = at(*GIVEN, models=models)
        found = influences(moment, *codes(moment, "ann a", "fay g"))
        assert 0 not in found.item[0]
        assert found.item[1].tolist() == [-1, -1, -1]


def test_an_item_that_nothing_speaks_for_is_told_by_popularity():
    ((reason, evidence, _),) = told("next", at(*GIVEN, ("hal", 50.5, "g"), ("ivy", 60.5, "g")), "ben g")
    assert reason == "Bought by 2 customers in the last 28 days"
    assert evidence == {
        "rests_on": "popularity",
        "first_sold_on": "2024-01-07",
        "buyers": 3,  # fay too, more than 28 days before
        "buyers_28_days": 2,
    }


def test_an_item_of_the_last_four_weeks_is_new():
    ((reason, evidence, _),) = told("discover", at(*GIVEN), "fay h")
    assert reason == "New since 2024-02-01, bought by 1 customers in the last 28 days"
    assert evidence["first_sold_on"] == "2024-02-01"
    # 28 days ago to the minute is no longer new.
    edge = at(("ann", 3.5, "a"), ("ben", 3.6, "b"), ("cat", 31.5, "c"))
    assert [reason for reason, _, _ in told("discover", edge, "cat a", "cat b")] == [
        "Bought by 0 customers in the last 28 days",
        "New since 2024-01-04, bought by 1 customers in the last 28 days",
    ]


def test_without_a_model_of_items_what_is_new_to_a_customer_is_told_by_popularity():
    ((reason, evidence, _),) = told("discover", at(*GIVEN, models=["popularity"]), "ann f")
    # f was first sold 29 days ago, to ben; since 4 January dan, eve and gus bought it.
    assert reason == "Bought by 3 customers in the last 28 days"
    assert (evidence["rests_on"], evidence["first_sold_on"]) == ("popularity", "2024-01-03")


def test_own_purchases_are_told_by_orders_and_the_last_day():
    (first, second) = told("next", at(*GIVEN), "ann a", "ann b")
    assert first == (
        "Bought in 3 of their 3 orders, last on 2024-01-21",
        {
            "rests_on": "own_purchases",
            "orders": 3,
            "customer_orders": 3,
            "last_bought_on": "2024-01-21",
            "buyers": 2,
            "buyers_28_days": 2,
        },
        None,
    )
    assert second[0] == "Bought in 1 of their 3 orders, last on 2024-01-01"
    assert (second[1]["buyers"], second[1]["buyers_28_days"]) == (4, 1)


def test_what_was_not_known_yet_is_not_told():
    earlier = at(*GIVEN, days_back=15)  # 17 January, noon
    (own, new) = told("next", earlier, "ann a", "ann f")
    assert own[0] == "Bought in 2 of their 2 orders, last on 2024-01-11"
    assert (new[1]["buyers"], new[1]["buyers_28_days"]) == (4, 4)  # not gus
    assert {row["item_id"]: row["buyers_of_both"] for row in new[1]["neighbours"]} == {"a": 1, "b": 2, "c": 2}


def test_what_is_due_is_told_with_the_day_after_the_usual_interval():
    ann, ben = told("again", at(*GIVEN), "ann a", "ben a")
    # Intervals: ann's 10 days twice, ben's 20 once, usually 15. ann: (10 + 10 + 15) / 3 = 11.67 days after
    # noon of 21 January is 4 in the morning of 2 February; ben: (20 + 15) / 2 = 17.5 after 23 January.
    assert ann[0] == (
        "Bought in 3 of their 3 orders, last on 2024-01-21; "
        "usually rebought after 12 days: expected on 2024-02-02"
    )
    assert ann[1] == {
        "rests_on": "own_purchases",
        "orders": 3,
        "customer_orders": 3,
        "last_bought_on": "2024-01-21",
        "interval_days": 11.67,
        "expected_on": "2024-02-02",
        "buyers": 2,
        "buyers_28_days": 2,
    }
    assert ann[2] == date(2024, 2, 2)
    assert (ben[1]["interval_days"], ben[1]["expected_on"], ben[2]) == (17.5, "2024-02-10", date(2024, 2, 10))


def test_an_expected_day_may_have_passed():
    ((reason, _, expected),) = told("again", at(*GIVEN, ("hal", 80.5, "h")), "ann a")
    assert reason.endswith("usually rebought after 12 days: expected on 2024-02-02")
    assert expected == date(2024, 2, 2)


def test_push_names_what_was_bought_and_counts_orders():
    given = [
        ("ann", 1.5, "ab"),
        ("ann", 2.5, "ab"),
        ("ben", 3.5, "bc"),
        ("cat", 4.5, "ac"),
        ("dan", 9.5, "bd"),
    ]
    moment = at(*given)
    (first, second) = told("push", moment, "dan a", "dan c")
    # b is in 4 orders, 2 of them with a, which is in 3: 2 / sqrt(4 x 3). d goes with nothing else.
    assert first == (
        "Goes with Bread, bought on 2024-01-10: 2 of its 4 orders hold both",
        {
            "rests_on": "last_order",
            "trigger_item_id": "b",
            "bought_on": "2024-01-10",
            "cosine": pytest.approx(2 / np.sqrt(12), abs=1e-6),
            "orders": 4,
            "orders_of_both": 2,
            "buyers": 2,
            "buyers_28_days": 2,
        },
        None,
    )
    assert (second[1]["orders"], second[1]["orders_of_both"]) == (holding("b", given=given), 1)
    assert second[1]["cosine"] == pytest.approx(1 / np.sqrt(4 * 2), abs=1e-6)


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
    goes_with = moment.models["goes_with"]
    assert isinstance(goes_with, GoesWith)
    ((_, evidence, _),) = told("push", moment, "dan c")
    # Of c's 6 orders 2 hold a and 2 hold b, of 3 each: the first of them. d, which is in no order without c,
    # goes with it better, but dan did not buy it that day.
    assert evidence["trigger_item_id"] == "a"
    assert evidence["cosine"] == pytest.approx(2 / np.sqrt(3 * 6), abs=1e-6)
    assert goes_with.similarities[3, 2] == pytest.approx(2 / np.sqrt(2 * 6), abs=1e-6)
    found = companions(moment, *codes(moment, "dan c"))
    assert found.item.tolist() == [[0, 1, -1]]
    assert found.buyers.tolist() == [[3, 3, 0]]
    assert found.both.tolist() == [[holding("a", "c", given=given), holding("b", "c", given=given), 0]]


def test_names_stay_as_they_are_written():
    given = [("ann", 1.5, "a한"), ("ben", 2.5, "a한"), ("cat", 9.5, "a")]
    moment = at(*given, ids="a한")
    texts, evidence, _ = explain("discover", moment, *codes(moment, "cat 한"))
    assert texts == ["Goes with what they bought: Açaí (2 of its 3 buyers took both)"]
    texts, evidence, _ = explain("push", moment, *codes(moment, "cat 한"))
    assert texts == ["Goes with Açaí, bought on 2024-01-10: 2 of its 3 orders hold both"]
    assert json.loads(evidence[0])["trigger_item_id"] == "a"
    given[-1] = ("cat", 9.5, "한")
    _, evidence, _ = explain("discover", at(*given, ids="a한"), *codes(moment, "cat a"))
    assert '"item_id": "한"' in evidence[0]


def test_names_are_told_without_stray_blanks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(NAMES, "a", " Açaí  bowl ")
    assert told("discover", at(("ann", 1.5, "ab"), ("ben", 2.5, "a")), "ben b")[0][0] == (
        "Goes with what they bought: Açaí bowl (1 of its 2 buyers took both)"
    )


def test_rows_keep_their_order():
    moment = at(*GIVEN)
    pairs = ["eve a", "ann f", "ann a", "gus c", "ann f"]
    assert told("next", moment, *pairs) == [told("next", moment, pair)[0] for pair in pairs]


def test_a_purchase_at_midnight_is_of_the_day_that_begins():
    # The last purchase is at 00:13, and ann's at midnight.
    moment = at(("ann", 1, "a"), ("ben", 129 + 13 / 1440, "b"), models=["popularity"])
    (own,) = told("next", moment, "ann a")
    assert own[1]["last_bought_on"] == "2024-01-02"
    assert told("discover", moment, "ben a")[0][1]["first_sold_on"] == "2024-01-02"


def test_push_rests_on_what_was_bought_on_the_day_it_names():
    given = [
        ("ann", 1.5, "ab"),
        ("ben", 2.5, "ab"),
        ("dan", 3.5, "bc"),
        ("cat", 8.95, "a"),
        ("cat", 9.35, "c"),
    ]
    customer = "cat"
    ((_, evidence, _),) = told("push", at(*given), f"{customer} b")
    bought = {
        item: (START + pd.Timedelta(days=day)).date().isoformat()
        for who, day, items in given
        for item in items
        if who == customer
    }
    assert evidence["bought_on"] == bought[str(evidence["trigger_item_id"])]
