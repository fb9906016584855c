from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from mlxtend.frequent_patterns import fpgrowth
from pandas.testing import assert_frame_equal

from palette.baskets import rules as mining
from palette.baskets.rules import METRICS, SCHEMA, basket_rules, frequent_itemsets, shortened
from palette.core.tables import typed

# Of five orders four hold a, three b, two c; three hold a and b.
ORDERS = {"1": "ab", "2": "ab", "3": "abc", "4": "a", "5": "c"}
LOOSE = {"min_support": 0.02, "min_confidence": 0.0, "max_items": 3, "min_orders": 1}


def baskets(
    orders: dict[str, Any],
    names: dict[str, str] | None = None,
    *,
    total: int | None = None,
    retailer: str = "shop",
    cluster: str = "all",
) -> pd.DataFrame:
    """One row an order and item; a name is the id in capitals unless given."""
    rows = [
        (retailer, cluster, order, item, (names or {}).get(item, item.upper()), total or len(orders))
        for order, items in orders.items()
        for item in items
    ]
    columns = ["retailer", "cluster_name", "order_id", "item_id", "item_name", "cluster_orders"]
    return pd.DataFrame(rows, columns=columns)


def mined(items: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    return basket_rules(duckdb.from_df(items), **(LOOSE | settings))


def sides(rules: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rules["antecedents"], rules["consequents"], strict=True))


def metrics(rules: pd.DataFrame, number: int) -> dict[str, float]:
    return rules[list(METRICS)].iloc[number].to_dict()


def test_metrics_of_five_orders():
    rules = mined(baskets(ORDERS), min_support=0.4, min_confidence=0.7)
    assert typed(rules, SCHEMA).num_rows == 2
    assert sides(rules) == [("B", "A"), ("A", "B")]
    assert rules["orders"].tolist() == [3, 3]
    first = metrics(rules, 0)
    assert np.isnan(first.pop("conviction"))  # confidence is 1
    assert first == pytest.approx(
        {
            "antecedent_support": 3 / 5,
            "consequent_support": 4 / 5,
            "support": 3 / 5,
            "confidence": 1.0,
            "lift": 1 / 0.8,
            "leverage": 0.6 - 0.6 * 0.8,
            # leverage / max(0.6 (1 - 0.6), 0.6 (0.8 - 0.6))
            "zhangs_metric": 0.12 / 0.24,
        }
    )
    assert metrics(rules, 1) == pytest.approx(
        {
            "antecedent_support": 4 / 5,
            "consequent_support": 3 / 5,
            "support": 3 / 5,
            "confidence": 3 / 4,
            "lift": 0.75 / 0.6,
            "leverage": 0.6 - 0.8 * 0.6,
            "conviction": (1 - 0.6) / (1 - 0.75),
            # leverage / max(0.6 (1 - 0.8), 0.8 (0.6 - 0.6))
            "zhangs_metric": 0.12 / 0.12,
        }
    )


def test_items_that_avoid_each_other():
    # a and c: 1 of 5 orders, 0.8 x 0.4 = 0.32 expected
    rules = mined(baskets(ORDERS), max_items=1).set_index(["antecedents", "consequents"])
    rule = rules.loc[("C", "A"), list(METRICS)].to_dict()
    assert rule == pytest.approx(
        {
            "antecedent_support": 0.4,
            "consequent_support": 0.8,
            "support": 0.2,
            "confidence": 0.5,
            "lift": 0.625,
            "leverage": -0.12,
            "conviction": (1 - 0.8) / (1 - 0.5),
            # leverage / max(0.2 (1 - 0.4), 0.4 (0.8 - 0.2))
            "zhangs_metric": -0.12 / 0.24,
        }
    )


def test_orders_whose_items_were_all_pruned_count():
    # the same orders in a cluster of ten
    rules = mined(baskets(ORDERS, total=10), min_support=0.3, min_confidence=0.7)
    assert sides(rules) == [("B", "A"), ("A", "B")]
    assert rules["orders"].tolist() == [3, 3]
    assert metrics(rules, 1) == pytest.approx(
        {
            "antecedent_support": 0.4,
            "consequent_support": 0.3,
            "support": 0.3,
            "confidence": 0.75,
            "lift": 2.5,
            "leverage": 0.3 - 0.4 * 0.3,
            "conviction": (1 - 0.3) / (1 - 0.75),
            # leverage / max(0.3 (1 - 0.4), 0.4 (0.3 - 0.3))
            "zhangs_metric": 0.18 / 0.18,
        }
    )


def test_min_support_is_inclusive():
    # a and b: 3 of 5 orders
    assert sides(mined(baskets(ORDERS), min_support=0.6)) == [("B", "A"), ("A", "B")]
    assert sides(mined(baskets(ORDERS), min_support=0.61)) == []


def test_min_confidence_is_inclusive():
    # a -> b: 3 of 4 orders, (3 / 5) / (4 / 5) is 0.7499999999999999 in floating point
    assert ("A", "B") in sides(mined(baskets(ORDERS), min_support=0.6, min_confidence=0.74))
    assert ("A", "B") in sides(mined(baskets(ORDERS), min_support=0.6, min_confidence=0.75))
    assert ("A", "B") not in sides(mined(baskets(ORDERS), min_support=0.6, min_confidence=0.76))


@pytest.mark.parametrize(
    ("total", "settings"),
    [
        (100, {"min_support": 0.07}),  # 0.07 x 100 is 7.000000000000001 in floating point
        (25, {"min_orders": 7}),  # so is 7 / 25 x 25
        (50, {"min_orders": 7}),
        (26, {"min_orders": 7}),
    ],
)
def test_a_rule_of_just_enough_orders_is_kept(total: int, settings: dict[str, float]):
    # seven orders hold both items, and three each hold one of them
    orders = {str(number): items for number, items in enumerate(["ab"] * 7 + ["a", "b"] * 3)}
    rules = mined(baskets(orders, total=total), **settings)
    assert rules["orders"].tolist() == [7, 7]


@pytest.mark.parametrize(("min_orders", "rules"), [(1, 12), (2, 2), (3, 0)])
def test_min_orders_beats_min_support_in_a_small_cluster(min_orders: int, rules: int):
    # one order holds all of a, b, c (three pairs both ways, six ways to split the triple), two a and b
    orders = {"1": "abc", "2": "ab", "3": "a", "4": "c"}
    assert len(mined(baskets(orders), min_support=0.02, min_orders=min_orders)) == rules


def test_cluster_with_fewer_orders_than_min_orders_has_no_rules():
    rules = mined(baskets({"1": "ab", "2": "ab"}), min_orders=5)
    assert typed(rules, SCHEMA).num_rows == 0


# Of four items there are 12 rules 1 to 1, 24 of 2 and 1, 6 of 2 and 2, 8 of 3 and 1.
@pytest.mark.parametrize(("max_items", "rules"), [(1, 12), (2, 42), (3, 50), (4, 50)])
def test_max_items_limits_either_side(max_items: int, rules: int):
    found = mined(baskets({"1": "abcd", "2": "abcd", "3": "e"}), max_items=max_items)
    assert len(found) == rules
    assert found[["antecedent_items", "consequent_items"]].max().tolist() == [min(max_items, 3)] * 2


def test_conviction_is_null_only_where_confidence_is_1():
    table = typed(mined(baskets(ORDERS)), SCHEMA).to_pylist()
    assert {row["confidence"] for row in table} > {0.75, 1.0}
    for row in table:
        assert (row["conviction"] is None) == (row["confidence"] == 1), row


def test_rules_are_sorted_by_lift_then_confidence_then_support():
    rules = mined(baskets(ORDERS), min_confidence=0.5)
    assert rules["rule_id"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert sides(rules) == [
        ("A + C", "B"),  # lift 5/3
        ("B", "A"),  # lift 5/4, confidence 1, support 3/5
        ("B + C", "A"),  # lift 5/4, confidence 1, support 1/5
        ("A", "B"),  # lift 5/4, confidence 3/4
        ("C", "A + B"),  # lift 5/6; a tie, "A + B" before "B"
        ("C", "B"),
        ("C", "A"),  # lift 5/8
    ]


def test_ties_are_sorted_by_name_not_by_id():
    rules = mined(baskets({"1": "12", "2": "12", "3": "3"}, {"1": "ZEBRA", "2": "APPLE"}))
    assert sides(rules) == [("APPLE", "ZEBRA"), ("ZEBRA", "APPLE")]


def test_names_of_a_side_are_sorted_and_ids_follow_them():
    names = {"1": "TEAPOT", "2": "CUP", "3": "SAUCER"}
    rules = mined(baskets({"1": "123", "2": "123", "3": "4"}, names))
    table = {(row["antecedents"], row["consequents"]): row for row in rules.to_dict("records")}
    assert len(table) == 12
    rule = table["CUP + SAUCER", "TEAPOT"]
    assert (rule["antecedent_ids"], rule["consequent_ids"]) == ("2 + 3", "1")
    assert (rule["antecedent_items"], rule["consequent_items"]) == (2, 1)
    assert table["SAUCER", "CUP + TEAPOT"]["consequent_ids"] == "2 + 1"


def test_names_with_separators_stay_one_item():
    names = {"1": "CUP + SAUCER", "2": 'JAM, "RASPBERRY"', "3": "A, B + C"}
    rules = mined(baskets({"1": "123", "2": "123", "3": "4"}, names))
    table = {(row["antecedent_ids"], row["consequent_ids"]): row for row in rules.to_dict("records")}
    assert len(table) == 12
    single, double = table["1", "2"], table["3 + 1", "2"]
    assert (single["antecedents"], single["consequents"]) == ("CUP + SAUCER", 'JAM, "RASPBERRY"')
    assert single["antecedent_items"] == 1
    assert (double["antecedents"], double["antecedent_items"]) == ("A, B + C + CUP + SAUCER", 2)


def test_items_of_one_name_stay_apart():
    rules = mined(baskets({"1": "12", "2": "12"}, {"1": "MUG", "2": "MUG"}))
    assert sides(rules) == [("MUG", "MUG")] * 2
    assert list(zip(rules["antecedent_ids"], rules["consequent_ids"], strict=True)) == [
        ("1", "2"),
        ("2", "1"),
    ]


def test_clusters_and_retailers_are_mined_apart():
    # item 1 is another product at the other shop
    names = {"1": "CUP", "2": "TEA"}
    parts = [
        baskets({"1": "12", "2": "12"}, names, cluster="small"),
        baskets({"3": "12", "4": "1", "5": "3"}, names, total=4, cluster="large"),
        baskets({"1": "12"}, names | {"1": "SOAP"}, retailer="other", cluster="small"),
    ]
    rules = mined(pd.concat(parts))
    found = rules[["retailer", "cluster_name", "rule_id", "antecedents", "consequents", "support"]]
    assert found.to_numpy().tolist() == [
        ["other", "small", 1, "SOAP", "TEA", 1.0],
        ["other", "small", 2, "TEA", "SOAP", 1.0],
        ["shop", "large", 1, "TEA", "CUP", 0.25],  # confidence 1
        ["shop", "large", 2, "CUP", "TEA", 0.25],  # confidence 1/2
        ["shop", "small", 1, "CUP", "TEA", 1.0],
        ["shop", "small", 2, "TEA", "CUP", 1.0],
    ]
    alone = pd.concat([mined(part) for part in (parts[2], parts[1], parts[0])], ignore_index=True)
    assert_frame_equal(rules, alone)


@pytest.mark.parametrize(
    ("orders", "min_support"),
    [
        ({"1": "a", "2": "b"}, 0.5),  # frequent items that never meet
        ({"1": "a", "2": "b"}, 0.9),  # no frequent item
        ({"1": "a"}, 0.5),  # one item
    ],
)
def test_no_rule_is_an_empty_table(orders: dict[str, str], min_support: float):
    rules = mined(baskets(orders), min_support=min_support)
    assert typed(rules, SCHEMA).equals(SCHEMA.empty_table())


def test_no_order_is_an_empty_table():
    assert typed(mined(baskets(ORDERS).iloc[:0]), SCHEMA).equals(SCHEMA.empty_table())


def test_cluster_without_a_rule_leaves_the_others_typed():
    parts = [baskets(ORDERS), baskets({"1": "a", "2": "b"}, cluster="none")]
    table = typed(mined(pd.concat(parts)), SCHEMA)
    assert set(table["cluster_name"].to_pylist()) == {"all"}


def test_rules_do_not_depend_on_row_order():
    items = pd.concat([baskets(ORDERS), baskets({"1": "abcd", "2": "bcd", "3": "ad"}, cluster="few")])
    rules = mined(items)
    assert len(rules) > 20
    for order in range(5):
        assert_frame_equal(mined(items.sample(frac=1, random_state=order)), rules)


@pytest.mark.parametrize(("needed", "longest"), [(1, 3), (5, 6), (12, 4), (40, 2), (100, 6)])
def test_itemsets_are_those_of_fp_growth(needed: int, longest: int):
    held = np.random.default_rng(0).random((100, 9)) < np.linspace(0.1, 0.9, 9)
    padded = np.vstack([held, np.zeros((28, 9), dtype=bool)])  # whole words of 64 orders
    words = np.packbits(np.ascontiguousarray(padded.T), axis=1, bitorder="little").view(np.uint64)
    counts, mined_up_to = frequent_itemsets(words, needed, longest)
    known = fpgrowth(pd.DataFrame(held), (needed - 0.5) / 100, max_len=longest)
    assert mined_up_to == longest
    assert counts == {
        tuple(sorted(items)): round(100 * share)
        for items, share in zip(known["itemsets"], known["support"], strict=True)
    }


def test_sets_are_no_longer_than_those_that_can_be_kept(monkeypatch: pytest.MonkeyPatch):
    # of five items: 5 single ones, 10 pairs, 10 of three, 5 of four
    words = np.ones((5, 1), dtype=np.uint64)
    every, _ = frequent_itemsets(words, 1, 5)
    assert len(every) == 31
    for most, longest, sets in [(30, 4, 30), (29, 3, 25), (24, 2, 15), (3, 2, 15)]:
        monkeypatch.setattr(mining, "MOST_ITEMSETS", most)
        counts, mined_up_to = frequent_itemsets(words, 1, 4)
        assert (len(counts), mined_up_to) == (sets, longest)
        assert shortened(every, 4) == (counts, mined_up_to)


def test_more_orders_than_bits_of_a_word():
    orders = {str(number): "ab" if number % 3 else "a" for number in range(200)}
    rules = mined(baskets(orders), min_confidence=0.9)
    assert sides(rules) == [("B", "A")]
    assert rules["orders"].tolist() == [133]


def test_quotes_in_names_of_clusters_and_retailers():
    rules = mined(baskets(ORDERS, retailer="it's", cluster="bob's"), min_support=0.4, min_confidence=0.7)
    assert rules[["retailer", "cluster_name"]].to_numpy().tolist() == [["it's", "bob's"]] * 2


def test_one_long_list_ordered_again_and_again_is_mined_for_pairs_only(capsys: pytest.CaptureFixture[str]):
    """Ten orders of the same 80 items hold 325 million itemsets of up to six items, and 3,160 pairs."""
    lines = [(str(order), f"{item:02}") for order in range(10) for item in range(80)]
    items = pd.DataFrame(lines, columns=["order_id", "item_id"]).assign(
        retailer="shop", cluster_name="champions", cluster_orders=10, item_name=lambda frame: frame["item_id"]
    )
    rules = mined(items, min_support=0.5, min_confidence=0.5, min_orders=5)
    assert len(rules) == 80 * 79
    assert "champions: no rules of more than 2 items" in capsys.readouterr().out
