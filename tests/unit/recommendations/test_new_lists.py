"""The lists that strategies name: bundles, the season, dear things, and winning customers back."""

from collections.abc import Sequence
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from palette.baskets.rules import Thresholds, basket_rules
from palette.recommendations import bundles
from palette.recommendations.bundles import Set, Sets, fitting, in_sets, sets_of, with_sets
from palette.recommendations.history import History
from palette.recommendations.learning import learn
from palette.recommendations.lists import SCHEMA, Lists
from palette.recommendations.offers import OFFERS, SEASON_DAYS, prices, season
from palette.recommendations.purchases import Clusters, Purchases, purchases_of
from palette.recommendations.reasons import FACTS, stated
from palette.recommendations.relations import audiences

OFFER = {offer.name: offer for offer in OFFERS}
EVERYBODY = ((111, 555),)
LOOSE = Thresholds(min_support=0.01, min_confidence=0.5, max_items=3, min_orders=2)
ONE_GROUP = Clusters(rfm=1, behaviour=1, consumption=1)

Line = tuple[str, float, str] | tuple[str, float, str, float]


def shop(lines: Sequence[Line], **given: object) -> Purchases:
    """Make purchases: customer, day, items (a letter each, capitals of another category), price of each."""
    rows = [
        (customer, f"{customer} {day}", item, day, (*price, 1.0)[0])
        for customer, day, items, *price in lines
        for item in items
    ]
    frame = pd.DataFrame(rows, columns=["customer", "order", "item", "day", "price"])
    codes = {name: pd.Categorical(frame[name]) for name in ("customer", "order", "item")}
    purchases = pa.table(
        {f"{name}_code": values.codes.astype(np.int32) for name, values in codes.items()}
        | {
            "ordered_at": np.round(frame["day"].to_numpy() * 86_400).astype(np.int64),
            "units": np.ones(len(frame)),
            "amount": frame["price"].to_numpy(),
            "order_lines": np.ones(len(frame), dtype=np.int32),
            "is_online": np.zeros(len(frame), dtype=bool),
            "is_day_off": np.zeros(len(frame), dtype=bool),
        }
    )
    ids = codes["item"].categories
    items = pd.DataFrame({"item_id": ids, "item_code": np.arange(len(ids)), "product_ids": ids})
    category = ["capital" if item.isupper() else "small" for item in ids]
    items = items.assign(category=category, super_category=category, stock=np.nan, margin=np.nan)
    return purchases_of("shop", purchases, items, **given)


def on_offer(name: str, known: History, days: int = 28) -> dict[int, str]:
    """Return what each customer of a list may find on it."""
    customers = np.flatnonzero(OFFER[name].customers(known))
    allowed = OFFER[name].items(known, customers, days)
    ids = known.purchases.items["item_id"].to_numpy()
    return {int(customer): "".join(ids[row]) for customer, row in zip(customers, allowed, strict=True)}


def code_of(known: Purchases, item: str) -> int:
    return known.items["item_id"].tolist().index(item)


# ---- for whom


def test_a_list_is_meant_for_the_scores_of_the_segments_that_strategies_name():
    segments = pd.DataFrame(
        [("VIP", 545, 555), ("Loyal customer", 511, 544), ("At-Risk", 121, 155)],
        columns=["rfm_segment", "score_from", "score_to"],
    )
    strategies = pd.DataFrame(
        [
            ("segment", "VIP", "premium"),
            ("segment", "At-Risk", "premium"),
            ("segment", "Loyal customer", "discover"),
            ("rfm", "VIP", "win_back"),
            ("rfm", None, "discover"),
        ],
        columns=["grouping_name", "group_name", "list_name"],
    )
    assert audiences(segments, strategies) == {
        "premium": ((121, 155), (545, 555)),
        "discover": ((511, 544),),
    }


LADDER = [(name, 10.0 * place, "ab"[: 1 + place // 3]) for place, name in enumerate("vwxyz", start=1)]


@pytest.mark.parametrize("name", ["premium", "win_back"])
def test_only_customers_of_those_scores_get_the_list(name):
    known = History(shop(LADDER))
    score = known.rfm_score
    assert known.rfm_score.tolist() == [r * 100 + f * 10 + m for r, f, m in known.scores.tolist()]
    assert not OFFER[name].customers(known).any()
    own = replace(known.purchases, audiences={name: ((int(score[1]), int(score[1])),)})
    assert OFFER[name].customers(History(own)).tolist() == (score == score[1]).tolist()


def test_segments_are_those_of_the_moment():
    lines = [*LADDER, ("v", 100.0, "ab"), ("v", 101.0, "ab")]
    known = shop(lines)
    assert History(known).rfm_score[0] > History(known, days_back=51).rfm_score[0]


# ---- win back


def test_win_back_is_what_the_customer_bought_and_somebody_bought_within_the_window():
    lines = [("v", 1.0, "abc"), ("w", 80.0, "a"), ("w", 71.0, "b"), ("w", 100.0, "d")]
    known = History(shop(lines, audiences={"win_back": EVERYBODY}))
    assert on_offer("win_back", known, days=28) == {0: "a", 1: "ad"}
    assert on_offer("win_back", known, days=29) == {0: "a", 1: "ad"}  # 29 days ago is not within 29 days
    assert on_offer("win_back", known, days=30) == {0: "ab", 1: "abd"}


# ---- premium


def test_premium_is_the_dearer_third_of_the_categories_bought_that_is_new_to_the_customer():
    lines = [
        *[("v", 1.0, item, price) for item, price in zip("abcdef", (1, 2, 3, 4, 5, 6), strict=True)],
        *[("v", 2.0, item, price) for item, price in zip("ABC", (9, 7, 8), strict=True)],
        ("w", 3.0, "a", 1.0),
        ("x", 4.0, "e", 5.0),
        ("x", 4.0, "B", 7.0),
    ]
    known = History(shop(lines, audiences={"premium": EVERYBODY}))
    # borders: 1 + 2/3 x 5 = 4.33 of the small ones, 7 + 2/3 x 2 = 8.33 of the capitals
    assert on_offer("premium", known) == {0: "", 1: "ef", 2: "Af"}
    middle = prices(known)[1]
    assert dict(zip(known.purchases.items["item_id"], middle, strict=True)) == {
        **dict.fromkeys("ABC", 8.0),
        **dict.fromkeys("abcdef", 3.5),
    }
    told = OFFER["premium"].tells(known, np.array([1]), np.array([code_of(known.purchases, "f")]), 28)
    assert {name: values.tolist() for name, values in told.items()} == {"price": [6.0], "middle_price": [3.5]}


def test_a_category_of_two_things_or_of_one_price_has_no_dearer_ones():
    two = shop(
        [("v", 1.0, "a", 1.0), ("v", 1.0, "b", 9.0), ("w", 2.0, "a", 1.0)], audiences={"premium": EVERYBODY}
    )
    assert on_offer("premium", History(two)) == {0: "", 1: ""}
    equal = shop([("v", 1.0, "abcd"), ("w", 2.0, "a")], audiences={"premium": EVERYBODY})
    assert on_offer("premium", History(equal)) == {0: "", 1: ""}


# ---- season


def year(extra: Sequence[Line] = (), last: float = 420.0) -> list[Line]:
    """A shop that sells a and b every 14 days, and b twelve times more in the days 60 to 71."""
    steady: list[Line] = [("v", float(day), "ab") for day in range(0, int(last) + 1, 14)]
    peak: list[Line] = [("w", float(day), "b") for day in range(60, 72)]
    return [*steady, *peak, *extra]


def test_the_season_is_what_sold_more_in_the_window_a_year_ago_than_in_the_mean_one():
    known = History(shop(year()))  # the window began on day 420 - 365 = 55
    then, mean = season(known, 28)
    # of a on days 56 and 70, of b the twelve of the peak as well; in the 365 days since, 27 and 39
    assert then.tolist() == [2, 14]
    assert mean == pytest.approx([27 * 28 / 365, 39 * 28 / 365])
    assert on_offer("season", known) == {0: "b", 1: "b"}
    told = OFFER["season"].tells(known, np.array([0]), np.array([1]), 28)
    assert told["season_orders"].tolist() == [14]
    assert told["season_lift"] == pytest.approx([4.68])  # 14 / 2.992


def test_what_sold_little_or_evenly_is_of_no_season():
    # c sold nine times, all in the window a year ago; a sold as ever
    known = History(shop(year([("w", 60.0 + day, "c") for day in range(9)])))
    assert on_offer("season", known)[0] == "b"


def test_last_year_s_other_windows_are_no_reason():
    assert on_offer("season", History(shop(year(last=434.0))), days=14)[0] == ""  # day 69 on: 3 of the peak


@pytest.mark.parametrize(("last", "reached"), [(SEASON_DAYS - 1.0, False), (float(SEASON_DAYS), True)])
def test_a_season_takes_thirteen_months_of_purchases(last, reached):
    known = History(
        shop([("v", 0.0, "a"), *[("v", last - 365 + 20 + n / 10, "b") for n in range(12)], ("v", last, "a")])
    )
    assert OFFER["season"].customers(known).tolist() == [reached]
    assert (OFFER["season"].items(known, np.array([0]), 28).any()) == reached


# ---- bundles


def baskets(seed: int = 0) -> list[Line]:
    """Orders of eight customers: a and b go together, and c with both; the rest is chance."""
    rng = np.random.default_rng(seed)
    lines: list[Line] = []
    for number in range(60):
        held = set(rng.choice(list("defghij"), 3, replace=False))
        if number % 3:
            held |= {"a", "b"}
        if number % 2:
            held |= {"c"} | ({"a"} if number % 3 else set())
        lines.append(("stuvwxyz"[number % 8], float(number), "".join(sorted(held))))
    return lines


def test_rules_of_a_moment_are_those_of_the_mart_for_the_orders_known_then():
    known = shop(baskets(), thresholds=LOOSE, clusters=ONE_GROUP)
    for back in (0, 20):
        found = sets_of(History(known, days_back=back))
        orders = [line for line in baskets() if line[1] <= 59 - back]
        items = pd.DataFrame(
            [
                ("shop", "all", f"{who} {day}", item, item, len(orders))
                for who, day, held in orders
                for item in held
            ],
            columns=["retailer", "cluster_name", "order_id", "item_id", "item_name", "cluster_orders"],
        )
        mart = basket_rules(duckdb.from_df(items), **LOOSE._asdict())
        small = mart[mart["antecedent_items"] + mart["consequent_items"] <= 3]
        by_rank = small.sort_values(
            ["lift", "confidence", "support", "antecedent_ids", "consequent_ids"],
            ascending=[False] * 3 + [True] * 2,
        )
        ids = known.items["item_id"].to_numpy()
        sets = [
            ("".join(ids[row.indices]), "".join(ids[members[members >= 0]]))
            for row, members in zip(found.antecedents, found.members, strict=True)
        ]
        expected = [
            (
                row.antecedent_ids.replace(" + ", ""),
                (row.antecedent_ids + row.consequent_ids).replace(" + ", ""),
            )
            for row in by_rank.itertuples()
        ]
        assert len(expected) > 5
        assert sets == expected
        assert found.rule.tolist() == sorted(found.rule.tolist())


def test_without_orders_enough_there_are_no_sets_and_nobody_gets_any():
    known = History(shop(baskets(), clusters=ONE_GROUP))  # ten orders at least, half of them with both
    assert set(fitting(known).sum(axis=1).A1) != {0}
    early = History(known.purchases, days_back=55)
    assert not len(sets_of(early).members)
    assert on_offer("bundle", early) == {}


def given_sets(customers: int, items: int, *sets: tuple[int, int, str, str]) -> Sets:
    at = {letter: code for code, letter in enumerate("abcdefgh")}
    made = [
        Set(group, rule, tuple(at[i] for i in before), tuple(at[i] for i in after))
        for group, rule, before, after in sets
    ]
    return Sets.of(np.zeros(customers, dtype=np.int64), made, items)


def bundled(
    best: str, bought: str, *sets: tuple[int, int, str, str], length: int = 6
) -> list[tuple[str, int]]:
    """Return what a customer's list of sets is, with the number of each set, of a list of single things."""
    known = shop([("v", 1.0, bought), ("w", 2.0, "abcdefgh")])
    known = replace(known, sets=given_sets(2, 8, *sets))
    order = np.array([[code_of(known, item) for item in best] + [-1]])
    items, numbers, _ = in_sets(History(known), np.array([0]), order, length)
    assert items.shape == (1, length)
    found = items >= 0
    assert (numbers[~found] == -1).all()
    return [
        ("abcdefgh"[item], int(number)) for item, number in zip(items[found], numbers[found], strict=True)
    ]


AB, CD, BC, ABE = (0, 1, "a", "b"), (0, 2, "c", "d"), (0, 3, "b", "c"), (0, 4, "ab", "e")


def test_sets_come_best_first_with_their_better_item_first():
    assert bundled("cadb", "ac", AB, CD) == [("c", 1), ("d", 1), ("a", 2), ("b", 2)]


def test_an_item_is_on_a_list_once():
    assert bundled("abcd", "abc", BC, AB, CD) == [("a", 1), ("b", 1), ("c", 2), ("d", 2)]


def test_a_set_begins_with_what_the_customer_bought():
    assert bundled("abcde", "a", AB, CD, ABE) == [("a", 1), ("b", 1)]
    assert bundled("eabcd", "ab", CD, ABE) == [("e", 1), ("a", 1), ("b", 1)]


def test_a_set_is_whole_or_not_there():
    assert bundled("acd", "ac", AB, CD) == [("c", 1), ("d", 1)]  # a rule of the shop left b out
    assert bundled("eabcd", "abc", CD, ABE, length=4) == [("e", 1), ("a", 1), ("b", 1)]
    assert bundled("eabcd", "abc", CD, ABE, length=2) == [("c", 1), ("d", 1)]


def test_the_rule_of_more_lift_stands_behind_a_set_that_several_rules_make():
    known = replace(
        shop([("v", 1.0, "ab"), ("w", 2.0, "abcdefgh")]),
        sets=given_sets(2, 8, (0, 7, "a", "b"), (0, 2, "b", "a")),
    )
    _, _, sets = in_sets(History(known), np.array([0]), np.array([[0, 1]]), 4)
    assert known.sets is not None
    assert known.sets.rule[sets[0, 0]] == 2


def test_nobody_gets_the_sets_of_another_group():
    sets = given_sets(2, 8, (1, 1, "a", "b"), CD)
    sets = replace(sets, group=np.array([0, 1]))
    known = History(replace(shop([("v", 1.0, "ac"), ("w", 2.0, "abcdefgh")]), sets=sets))
    assert on_offer("bundle", known) == {0: "cd", 1: "ab"}


def test_the_marts_say_which_sets_there_are_now_and_nothing_of_the_past():
    known = shop(baskets(), thresholds=LOOSE, clusters=ONE_GROUP)
    renamed = known.items.assign(item_id=known.items["item_id"].replace({"b": "b + d"}))
    clusters = pd.DataFrame({"customer_code": [0, 1], "cluster_name": ["champions", "champions"]})
    rules = pd.DataFrame(
        [
            ("champions", 1, "a", "b + d", 1, 1),
            ("champions", 2, "a", "c + e", 1, 2),
            ("champions", 3, "a + c", "d + e", 2, 2),  # four items are no set
            ("champions", 4, "a", "gone", 1, 1),
        ],
        columns=["cluster_name", *bundles.RULE],
    )
    told = with_sets(replace(known, items=renamed), clusters, rules)
    now = sets_of(History(told))
    assert now.members.tolist() == [[0, 1, -1], [0, 2, 4]]
    assert now.rule.tolist() == [1, 2]
    assert now.group.tolist() == [0, 0] + [-1] * 6
    past = sets_of(History(told, days_back=20))
    assert past.members.tolist() == sets_of(History(known, days_back=20)).members.tolist()


def test_a_group_has_its_best_sets_alone(monkeypatch):
    monkeypatch.setattr(bundles, "MOST_SETS", 1)
    sets = given_sets(2, 8, (0, 2, "a", "b"), (0, 1, "c", "d"), (1, 5, "e", "f"))
    assert sets.members[:, :2].tolist() == [[2, 3], [4, 5]]


# ---- in all


def test_figures_that_rows_hold_are_told_and_no_others():
    rows = pd.DataFrame({"item": [3], "price": [2.5], "season_orders": [12.0]})
    told = pa.table(stated("season", rows), schema=pa.schema(FACTS)).to_pylist()[0]
    assert {name: value for name, value in told.items() if value is not None} == {
        "rests_on": "season",
        "price": 2.5,
        "season_orders": 12,
    }


@pytest.fixture(scope="module")
def lists() -> Lists:
    known = shop(
        baskets() + [(who, day + 60, held) for who, day, held in baskets(1)],
        thresholds=LOOSE,
        clusters=ONE_GROUP,
        audiences={"win_back": EVERYBODY},
    )
    segments = pd.DataFrame({"rfm_segment": ["any"], "score_from": [0], "score_to": [555]})
    given = {"days": 14, "length": 5, "seed": 0}
    learned, folds = learn(known, [], segments, folds=1, models=["recent_popularity", "item_cosine"], **given)
    assert {list_name for list_name, *_ in folds[0].lists} >= {"bundle", "win_back"}
    nobody = pd.DataFrame({"customer_code": pd.Series(dtype=int), "palette_group": pd.Series(dtype=object)})
    preferences = pd.DataFrame(columns=["palette_group", "super_category", "preference_rank"])
    return Lists.of(known, learned, [], {}, nobody, preferences, **given)


@pytest.fixture(scope="module")
def made(lists: Lists) -> pa.Table:
    return pa.concat_tables(lists(batch) for batch in lists.batches())


def test_a_part_makes_the_same_lists(lists: Lists, made: pa.Table):
    customers = np.flatnonzero(sets_of(lists.moment.history).group >= 0)[1::2]
    own = made.filter(pc.is_in(made["customer_code"], pa.array(customers, pa.int32())))
    assert lists.part(customers)(np.arange(len(customers))).equals(own)
    assert {"bundle", "win_back"} <= set(own["list_name"].to_pylist())


def test_lists_of_strategies_are_made_as_the_others_are(made):
    rows = made.to_pandas()
    assert made.schema == SCHEMA
    assert not rows.duplicated(["customer_code", "list_name", "item_code"]).any()
    assert not rows.duplicated(["customer_code", "list_name", "rank"]).any()
    assert {"bundle", "win_back"} <= set(rows["list_name"])
    assert not {"season", "premium"} & set(rows["list_name"])
    assert (rows.groupby(["customer_code", "list_name"])["rank"].max() <= 5).all()
    bundle = rows[rows["list_name"] == "bundle"]
    assert (bundle["rests_on"] == "rule").all()
    sizes = bundle.groupby(["customer_code", "set_number"]).agg(
        items=("item_code", "size"), rules=("rule_id", "nunique")
    )
    assert sizes["items"].isin([2, 3]).all()
    assert (sizes["rules"] == 1).all()
    assert (
        bundle.groupby("customer_code")["set_number"]
        .agg(lambda numbers: numbers.is_monotonic_increasing)
        .all()
    )
    assert rows.loc[rows["list_name"] != "bundle", "rule_id"].isna().all()
    assert (rows.loc[rows["list_name"] == "win_back", "rests_on"] == "own_purchases").all()


def test_a_shop_without_seasons_says_so(capsys):
    known = shop(baskets(), clusters=ONE_GROUP)
    segments = pd.DataFrame({"rfm_segment": ["any"], "score_from": [0], "score_to": [555]})
    learned, _ = learn(known, [], segments, folds=0, days=14, length=5, seed=0, models=["recent_popularity"])
    nobody = pd.DataFrame({"customer_code": pd.Series(dtype=int), "palette_group": pd.Series(dtype=object)})
    preferences = pd.DataFrame(columns=["palette_group", "super_category", "preference_rank"])
    Lists.of(known, learned, [], {}, nobody, preferences, length=5, days=14, seed=0)
    assert (
        "shop: 59 days of purchases are too few to know a season by: the list season needs 395"
        in capsys.readouterr().out
    )
