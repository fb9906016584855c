import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from palette.core.catalogue import LISTS, list_names
from palette.recommendations.rules import (
    COLUMNS,
    RULES,
    Rule,
    RuleError,
    apply_rules,
    check_rules_file,
    read_rules,
    rules_for,
    unmatched,
)

SEEDS = Path(__file__).parents[3] / "seeds" / "recommendations"
SHIPPED = SEEDS / "recommendation_rules.csv"
RETAILERS = ("online_retail", "lpoint")
NAN = math.nan

# Code, category, buyers, stock, margin. Product ids: p0, p1, ... and for the last item p5 and p5b.
ITEMS = [
    ("tea", 10, 0.0, 0.5),
    ("tea", 40, 5.0, 0.2),
    ("toys", 40, NAN, -0.1),
    ("toys", 7, 20.0, NAN),
    (None, 3, 4.9, 0.19),
    ("tea", 0, NAN, NAN),
]


def catalogue() -> pd.DataFrame:
    items = pd.DataFrame(ITEMS, columns=["category", "buyers", "stock", "margin"])
    return items.assign(product_ids=[["p0"], ["p1"], ("p2",), ["p3"], ["p4"], ["p5", "p5b"]])


def candidates(*customers: str, days: dict[tuple[int, int], float] | None = None) -> pd.DataFrame:
    """Rank items for customers 0, 1, ...: '503' is item 5, then 0, then 3; `days` by customer and item."""
    rows = [
        (customer, int(item), 1 - 0.1 * place, (days or {}).get((customer, int(item)), NAN))
        for customer, items in enumerate(customers)
        for place, item in enumerate(items)
    ]
    return pd.DataFrame(rows, columns=["customer", "item", "score", "days_since_bought"])


def rules(*given: tuple[str, float | str]) -> list[Rule]:
    return [Rule("mall", "discover", name, value) for name, value in given]


def left(
    ranked: pd.DataFrame, *given: tuple[str, float | str], length: int = 10, items: pd.DataFrame | None = None
) -> list[str]:
    """Items that each customer with candidates keeps, written as for `candidates`."""
    kept = apply_rules(ranked, catalogue() if items is None else items, rules(*given), length=length)
    assert kept.columns.tolist() == ranked.columns.tolist()
    assert kept.index.tolist() == list(range(len(kept)))
    return [
        "".join(map(str, kept.loc[kept["customer"] == customer, "item"]))
        for customer in ranked["customer"].unique()
    ]


def frame(*rows: tuple[Any, Any, Any, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def refused(*rows: tuple[Any, Any, Any, Any]) -> str:
    with pytest.raises(RuleError) as error:
        read_rules(frame(*rows))
    return str(error.value)


def refused_file(path: Path, text: str | bytes, shop: str | None = None) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(RuleError) as error:
        check_rules_file(path, shop=shop)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value).removeprefix(f"{path}: ")


def test_without_rules_each_customer_keeps_the_best():
    ranked = candidates("012345", "54", "3")
    assert left(ranked, length=3) == ["012", "54", "3"]
    assert left(ranked) == ["012345", "54", "3"]


def test_rows_are_kept_as_they_are():
    ranked = candidates("01", "1", days={(1, 1): 9.0}).assign(extra=["x", "y", "z"])
    kept = apply_rules(ranked, catalogue(), rules(("never_product", "p0")), length=5)
    assert kept.to_dict("records")[1] == {
        "customer": 1,
        "item": 1,
        "score": 1.0,
        "days_since_bought": 9.0,
        "extra": "z",
    }


def test_the_table_handed_in_is_not_changed():
    ranked, items = candidates("012345"), catalogue()
    before = ranked.copy(), items.copy()
    apply_rules(ranked, items, rules(("never_product", "p0"), ("at_most_per_category", 1.0)), length=2)
    pd.testing.assert_frame_equal(ranked, before[0])
    pd.testing.assert_frame_equal(items, before[1])


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (0.001, "02345"),  # of the 5 items that anybody bought, rounded up; of two with 40 buyers the first
        (20.0, "02345"),
        (20.001, "0345"),
        (40.0, "0345"),
        (60.0, "345"),
        (100.0, "5"),  # nobody bought it
    ],
)
def test_most_popular_items_are_left_out(percent: float, expected: str):
    assert left(candidates("012345"), ("leave_out_most_popular_percent", percent)) == [expected]


@pytest.mark.parametrize(("percent", "number"), [(7.0, 7), (7.01, 8), (0.1, 1), (1.1, 2), (29.0, 29)])
def test_most_popular_share_is_exact(percent: float, number: int):
    items = pd.concat([catalogue().head(1)] * 100, ignore_index=True)
    ranked = pd.DataFrame({"customer": 0, "item": range(100), "score": 1.0, "days_since_bought": NAN})
    kept = apply_rules(ranked, items, rules(("leave_out_most_popular_percent", percent)), length=100)
    assert kept["item"].tolist() == list(range(number, 100))


def test_no_item_is_popular_where_nobody_bought_any():
    items = catalogue().assign(buyers=0)
    assert left(candidates("01"), ("leave_out_most_popular_percent", 100.0), items=items) == ["01"]


def test_what_the_customer_bought_lately_is_left_out():
    days = {(0, 0): 0.0, (0, 1): 7.0, (0, 2): 7.5, (0, 3): 90.0, (1, 4): 1.0}
    ranked = candidates("01234", "01234", days=days)
    assert left(ranked, ("leave_out_bought_within_days", 7.0)) == ["234", "0123"]
    assert left(ranked, ("leave_out_bought_within_days", 8.0)) == ["34", "0123"]


def test_never_rules_may_repeat_and_a_category_is_matched_letter_by_letter():
    ranked = candidates("012345")
    assert left(ranked, ("never_category", "tea")) == ["234"]
    assert left(ranked, ("never_category", "tea"), ("never_category", "toys")) == ["4"]
    assert left(ranked, ("never_category", "Tea")) == ["012345"]
    assert left(ranked, ("never_product", "p1"), ("never_product", "p3")) == ["0245"]


def test_an_item_is_left_out_for_any_of_its_products():
    assert left(candidates("045"), ("never_product", "p5b")) == ["04"]
    arrays = catalogue().assign(product_ids=[np.array(ids) for ids in catalogue()["product_ids"]])
    assert left(candidates("045"), ("never_product", "p5b"), items=arrays) == ["04"]


def test_category_limit_counts_each_customer_in_order():
    ranked = candidates("015342", "531")
    assert left(ranked, ("at_most_per_category", 1.0)) == ["034", "53"]
    assert left(ranked, ("at_most_per_category", 2.0)) == ["01342", "531"]


def test_items_without_a_category_are_not_limited():
    items = catalogue().assign(category=None)
    assert left(candidates("012"), ("at_most_per_category", 1.0), items=items) == ["012"]
    assert left(candidates("012"), ("never_category", "tea"), items=items) == ["012"]


@pytest.mark.parametrize(
    ("rule", "least", "expected"),
    [
        ("least_stock", 5.0, "1235"),
        ("least_stock", 0.0, "012345"),
        ("least_margin", 0.2, "0135"),
        ("least_margin", -0.1, "012345"),
        ("least_margin", 1.0, "35"),
    ],
)
def test_items_with_less_are_left_out_and_unknown_ones_kept(rule: str, least: float, expected: str):
    assert left(candidates("012345"), (rule, least)) == [expected]


# Margins: 0 .5, 1 .2, 2 -.1, 3 and 5 unknown, 4 .19.
@pytest.mark.parametrize(
    ("ranked", "weight", "expected"),
    [
        ("3501", 1.0, "3051"),  # places 1, 2, 1.5, 3.2
        ("3510", 1.0, "3501"),  # places 1, 2, 2.4, 2
        ("3510", 0.5, "3510"),  # places 1, 2, 2.7, 3
        ("25", 1.0, "25"),  # places 1.1, 2: a loss moves down
        ("35", 1.0, "35"),
    ],
)
def test_an_item_of_a_higher_margin_moves_up_by_its_weight(ranked: str, weight: float, expected: str):
    assert left(candidates(ranked), ("favour_margin", weight)) == [expected]
    assert left(candidates("3", ranked), ("favour_margin", weight)) == ["3", expected]


def test_what_is_favoured_is_on_the_list_and_counts_first_for_its_category():
    assert left(candidates("3510"), ("favour_margin", 1.0), length=3) == ["350"]
    assert left(candidates("10"), ("favour_margin", 1.0), ("at_most_per_category", 1.0)) == ["1"]
    assert left(candidates("310"), ("favour_margin", 1.0), ("at_most_per_category", 1.0)) == ["30"]


def test_the_category_limit_counts_what_the_other_rules_left():
    ranked = candidates("015342", days={(0, 0): 2.0})
    lately, limit = ("leave_out_bought_within_days", 7.0), ("at_most_per_category", 1.0)
    assert left(ranked, limit, lately) == left(ranked, lately, limit) == ["134"]
    assert left(ranked, limit, lately, ("never_product", "p1")) == ["534"]


def test_the_length_is_cut_after_the_rules():
    ranked = candidates("012345")
    assert left(ranked, ("never_category", "tea"), length=2) == ["23"]
    assert left(ranked, ("at_most_per_category", 1.0), length=2) == ["02"]


def test_a_customer_may_be_left_with_nothing():
    assert left(candidates("01", "02"), ("never_category", "tea")) == ["", "2"]


def test_all_rules_together():
    given = [
        ("leave_out_most_popular_percent", 20.0),  # 1
        ("leave_out_bought_within_days", 7.0),  # 2
        ("never_category", "food"),
        ("never_product", "p5"),
        ("at_most_per_category", 1.0),
        ("least_stock", 1.0),  # 0
        ("least_margin", 0.1),
        ("favour_margin", 0.5),
    ]
    assert {name for name, _ in given} == set(RULES)
    assert left(candidates("012345", days={(0, 2): 1.0}), *given) == ["34"]


def test_nobody_and_nothing():
    ranked, items = candidates("01"), catalogue()
    given = [("leave_out_most_popular_percent", 1.0), ("never_product", "p1"), ("at_most_per_category", 1.0)]
    assert left(ranked.iloc[:0], *given) == []
    assert apply_rules(ranked.iloc[:0], items.iloc[:0], rules(*given), length=3).empty


def test_rules_are_read_with_their_values():
    texts = frame(
        ("mall", "discover", "leave_out_most_popular_percent", "0.5"),
        ("mall", "again", "leave_out_bought_within_days", "14"),
        ("mall", "next", "never_category", "Tea, coffee"),
        ("mall", "next", "never_category", "Toys"),
        ("mall", "next", "never_product", "00123"),
        ("kiosk", "online_offers", "at_most_per_category", " 3.0 "),
        ("mall", "push", "least_stock", "0"),
        ("mall", "push", "least_margin", "-.25"),
        ("mall", "push", "least_margin", "-0.250"),
    )
    assert read_rules(texts) == [
        Rule("mall", "discover", "leave_out_most_popular_percent", 0.5),
        Rule("mall", "again", "leave_out_bought_within_days", 14.0),
        Rule("mall", "next", "never_category", "Tea, coffee"),
        Rule("mall", "next", "never_category", "Toys"),
        Rule("mall", "next", "never_product", "00123"),
        Rule("kiosk", "online_offers", "at_most_per_category", 3.0),
        Rule("mall", "push", "least_stock", 0.0),
        Rule("mall", "push", "least_margin", -0.25),
    ]
    assert read_rules(texts.iloc[:0]) == []


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("leave_out_most_popular_percent", ["0.01", "100"], ["0", "-1", "100.1", "1 %", "0,5", "nan"]),
        ("leave_out_bought_within_days", ["1", "365"], ["0", "-7", "6.5", "inf", "1_0", "a week"]),
        ("never_category", ["Tea", "1"], []),
        ("never_product", ["85123A", "-1"], []),
        ("at_most_per_category", ["1", "+2"], ["0", "-1", "1.5", "1e1", "nan", "all"]),
        ("least_stock", ["0", "12.5"], ["-0.1", "inf", "nan", "9" * 400, "."]),
        ("least_margin", ["-1", "1", "0.3"], ["-1.01", "1.01", "30%", "nan"]),
        ("favour_margin", ["0.01", "1"], ["0", "-1", "1.01", "nan"]),
    ],
)
def test_values_that_a_rule_can_and_cannot_use(rule: str, good: list[str], bad: list[str]):
    for value in good:
        assert len(read_rules(frame(("mall", "discover", rule, value)))) == 1
    for value in bad:
        assert refused(("mall", "discover", rule, value)) == (
            f"recommendation_rules.csv: line 2, column value: '{value}' is not {RULES[rule].needed} ({rule})"
        )
    for value in ("", " ", None, NAN):
        assert refused(("mall", "discover", rule, value)) == (
            "recommendation_rules.csv: line 2, column value: the value is empty "
            f"({rule} needs {RULES[rule].needed})"
        )


def test_a_misspelt_list_is_named_with_the_nearest_one():
    assert refused(("mall", "discovr", "at_most_per_category", "1")) == (
        "recommendation_rules.csv: line 2, column list_name: unknown list 'discovr': did you mean "
        "'discover'? (allowed: discover, again, next, online_offers, push, bundle, season, premium, win_back)"
    )


def test_a_misspelt_rule_is_named_with_the_nearest_one():
    assert refused(("mall", "next", "never_categry", "Tea")) == (
        "recommendation_rules.csv: line 2, column rule: unknown rule 'never_categry': "
        "did you mean 'never_category'? (allowed: leave_out_most_popular_percent, "
        "leave_out_bought_within_days, never_category, never_product, at_most_per_category, least_stock, "
        "least_margin, favour_margin)"
    )


def test_a_name_like_no_other_gets_no_suggestion():
    assert refused(("mall", "zzz", "at_most_per_category", "1")) == (
        "recommendation_rules.csv: line 2, column list_name: unknown list 'zzz' "
        "(allowed: discover, again, next, online_offers, push, bundle, season, premium, win_back)"
    )


def test_a_rule_with_two_values_for_a_list_is_refused():
    assert refused(
        ("mall", "next", "at_most_per_category", "3"),
        ("mall", "discover", "at_most_per_category", "4"),
        ("kiosk", "next", "at_most_per_category", "4"),
        ("mall", "next", "at_most_per_category", "3"),
        ("mall", "next", "at_most_per_category", "5"),
    ) == (
        "recommendation_rules.csv: line 6, column value: at_most_per_category of mall's list next has "
        "another value in line 2; only one is allowed"
    )


def test_all_problems_are_told_at_once():
    message = refused(
        ("", "push", "never_product", "1"),
        ("mall", "discover", "at_most_per_category", "3"),
        ("mall", None, "never", ""),
        ("mall", "nxt", "least_stock", "-1"),
    )
    problems = message.removeprefix("recommendation_rules.csv: ").split("; ")
    assert [problem.split(" (")[0] for problem in problems] == [
        "line 2, column retailer: the value is empty",
        "line 4, column list_name: the value is empty",
        "line 4, column rule: unknown rule 'never'",
        "line 4, column value: the value is empty",
        "line 5, column list_name: unknown list 'nxt': did you mean 'next'?",
        "line 5, column value: '-1' is not a number of units, 0 or more",
    ]


def test_shipped_rules_are_valid():
    shipped = check_rules_file(SHIPPED)
    assert shipped == read_rules(pd.read_csv(SHIPPED, dtype=str).rename(columns={"preset": "retailer"}))
    told = {
        (retailer, name): {rule.rule: rule.value for rule in rules_for(shipped, retailer, name)}
        for retailer in RETAILERS
        for name in list_names()
    }
    never = {"never_category": "Tobacco"}
    popular, lately = {"leave_out_most_popular_percent": 1.0}, {"leave_out_bought_within_days": 7.0}
    assert told == {
        ("online_retail", "discover"): popular | {"at_most_per_category": 5.0},
        ("online_retail", "again"): lately,
        ("online_retail", "next"): lately,
        ("online_retail", "online_offers"): {},
        ("online_retail", "push"): {},
        **{("online_retail", name): {} for name in ("bundle", "season", "premium", "win_back")},
        **{("lpoint", name): never for name in ("bundle", "season", "premium", "win_back")},
        ("lpoint", "discover"): popular | {"at_most_per_category": 3.0} | never,
        ("lpoint", "again"): lately | never,
        ("lpoint", "next"): lately | {"at_most_per_category": 3.0} | never,
        ("lpoint", "online_offers"): popular | lately | never,
        ("lpoint", "push"): never,
    }


def test_the_seed_allows_the_same_lists_and_rules():
    described = [yaml.safe_load(file.read_text("utf-8"))["seeds"] for file in SEEDS.glob("*.yml")]
    seeds = {seed["name"]: {column["name"]: column for column in seed["columns"]} for (seed,) in described}
    assert set(seeds) == {file.stem for file in SEEDS.glob("*.csv")}
    for name, columns in seeds.items():
        header = (SEEDS / f"{name}.csv").read_text("utf-8").splitlines()[0]
        assert header.split(",") == list(columns)
    (of_lists,) = seeds["recommendation_rules"]["list_name"]["data_tests"]
    assert of_lists["relationships"]["arguments"] == {"to": f"ref('{LISTS}')", "field": "list_name"}
    *_, of_rules = seeds["recommendation_rules"]["rule"]["data_tests"]
    assert of_rules["accepted_values"]["arguments"]["values"] == list(RULES)


def test_a_file_may_be_written_in_other_ways(tmp_path: Path):
    path = tmp_path / "rules.csv"
    path.write_bytes(
        b'\xef\xbb\xbfvalue,rule,preset,list_name\r\n\r\n"Tea, caf\xc3\xa9",never_category,lpoint,push\r\n'
    )
    assert check_rules_file(path) == [Rule("lpoint", "push", "never_category", "Tea, café")]
    path.write_text("preset,list_name,rule,value\n")
    assert check_rules_file(path) == []


def test_a_shops_own_file_has_no_column_for_whose_it_is(tmp_path: Path):
    path = tmp_path / "recommendation_rules.csv"
    path.write_text("value,list_name,rule\n5,next,at_most_per_category\n")
    assert check_rules_file(path, shop="mall") == [Rule("mall", "next", "at_most_per_category", 5.0)]
    header = "list_name,rule,value\n"
    assert refused_file(path, f"{header}next,at_most_per_category,5,6\n", "mall") == (
        "line 2: 4 values instead of 3 (a value with a comma goes between double quotes)"
    )
    assert refused_file(path, f"{header}nxt,least_stock,\n", "mall") == (
        "line 2, column list_name: unknown list 'nxt': did you mean 'next'? "
        "(allowed: discover, again, next, online_offers, push, bundle, season, premium, win_back); "
        "line 2, column value: the value is empty (least_stock needs a number of units, 0 or more)"
    )
    assert refused_file(path, "preset,list_name,rule,value\n", "mall") == (
        "the columns have to be list_name, rule, value (columns found: preset, list_name, rule, value)"
    )


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "lpoint,again",
            ",again",
            "line 8, column preset: the value is empty",
        ),
        (
            "online_retail,again",
            "online_retail,agian",
            "line 4, column list_name: unknown list 'agian': did you mean 'again'? "
            "(allowed: discover, again, next, online_offers, push, bundle, season, premium, win_back)",
        ),
        (
            "category,5",
            "category,five",
            "line 3, column value: 'five' is not a whole number of items, 1 or more (at_most_per_category)",
        ),
        (
            "category,5",
            "category,5,5",
            "line 3: 5 values instead of 4 (a value with a comma goes between double quotes)",
        ),
        (
            "category,5",
            "category",
            "line 3: 3 values instead of 4 (a value with a comma goes between double quotes)",
        ),
        (
            "category,5\n",
            "category,5\n\nonline_retail,discover,at_most_per_category,6\n",
            "line 5, column value: at_most_per_category of online_retail's list discover has another value "
            "in line 3; only one is allowed",
        ),
        (
            "list_name",
            "list",
            "the columns have to be preset, list_name, rule, value "
            "(columns found: preset, list, rule, value)",
        ),
        (
            "rule,value",
            "rule,value,rule",
            "the columns have to be preset, list_name, rule, value "
            "(columns found: preset, list_name, rule, value, rule)",
        ),
        (
            ",",
            ";",
            "the columns have to be preset, list_name, rule, value "
            "(columns found: preset;list_name;rule;value)",
        ),
    ],
)
def test_a_broken_copy_of_the_shipped_file_is_refused(tmp_path: Path, old: str, new: str, problem: str):
    text = SHIPPED.read_text("utf-8")
    broken = text.replace(old, new) if old == "," else text.replace(old, new, 1)
    assert broken != text
    assert refused_file(tmp_path / "recommendation_rules.csv", broken) == problem


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path):
    path = tmp_path / "recommendation_rules.csv"
    with pytest.raises(RuleError, match=r"recommendation_rules\.csv: file not found$"):
        check_rules_file(path)
    with pytest.raises(RuleError, match=r": cannot be read: "):
        check_rules_file(tmp_path)
    header = "preset,list_name,rule,value\n"
    assert refused_file(path, "") == (
        "the columns have to be preset, list_name, rule, value (columns found: none)"
    )
    assert refused_file(path, (header + "lpoint,next,never_category,café\n").encode("latin-1")) == (
        "not UTF-8 text; save it as UTF-8"
    )
    assert refused_file(path, header + 'lpoint,next,never_category,"Tea\n').startswith("line 2: ")


def test_rules_that_do_nothing_are_told():
    given = [
        Rule("mall", "next", "never_category", "tea"),
        Rule("mall", "next", "never_category", "tee"),
        Rule("mall", "next", "never_category", "Haushalt"),
        Rule("mall", "push", "never_product", "p5b"),
        Rule("mall", "push", "never_product", "p6"),
        Rule("mall", "again", "least_stock", 100.0),
        Rule("mall", "again", "least_margin", 1.0),
        Rule("mall", "again", "at_most_per_category", 100.0),
    ]
    told = [
        "mall, list next: never_category 'tee' does nothing: no item has this category: did you mean 'tea'?",
        "mall, list next: never_category 'Haushalt' does nothing: no item has this category",
        "mall, list push: never_product 'p6' does nothing: no item has this product",
    ]
    assert unmatched(given, catalogue()) == told
    unknown = catalogue().assign(stock=NAN, margin=NAN)
    assert unmatched(given, unknown) == [
        *told,
        "mall, list again: least_stock does nothing: no item's stock is known, "
        "see seeds/core/product_facts.csv",
        "mall, list again: least_margin does nothing: no item's margin is known, "
        "see seeds/core/product_facts.csv",
    ]
    assert unmatched([], catalogue()) == []
