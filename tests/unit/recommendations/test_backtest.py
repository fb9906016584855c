from collections.abc import Sequence
from dataclasses import replace
from math import log2
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from small_shops import Shop, coded

from palette.core.catalogue import model_names
from palette.core.learned import pack, unpack
from palette.core.tables import empty, typed
from palette.recommendations.backtest import SCHEMA, Trials, _rivals, backtest, trials
from palette.recommendations.history import History
from palette.recommendations.learning import DEPTH, Fold, learn, segments_of
from palette.recommendations.metrics import ranking_metrics
from palette.recommendations.rules import Rule, read_rules

MODELS = model_names()

SEGMENTS = pd.read_csv(Path(__file__).parents[3] / "seeds" / "segments" / "rfm_segments.csv")
START = pd.Timestamp("2024-01-01")
SIMPLE = ("popularity", "own_frequency", "goes_with")
RULE_COLUMNS = ["retailer", "list_name", "rule", "value"]
NEXT = ("next", "hybrid")
NO_RULES = pd.DataFrame(columns=RULE_COLUMNS)
D2, D3, D4 = 1 / log2(3), 1 / 2, 1 / log2(5)  # discounts of ranks 2 to 4

# Customer, day, items. The last purchase is on day 28, so that the latest window of a week follows day 21.
GIVEN = [
    ("ann", 0.0, "ab"),
    ("ann", 10.5, "a"),
    ("ann", 17.5, "ac"),
    ("ann", 24.5, "bd"),
    ("ben", 0.5, "b"),
    ("ben", 10.5, "b"),
    ("ben", 17.5, "cd"),
    ("ben", 25.5, "bc"),
    ("cat", 1.5, "ad"),
    ("cat", 28.0, "a"),
    ("dan", 2.5, "e"),  # buys nothing in the window
    ("eve", 26.5, "a"),  # is new in it
    ("fay", 3.5, "a"),
    ("fay", 27.5, "f"),  # buys nothing in it that was on sale before
]


def orders(given: Sequence[tuple[str, float, str]], retailer: str = "mall") -> pd.DataFrame:
    rows = [
        (retailer, customer, f"{customer}{day}", item, START + pd.Timedelta(days=day), "offline", 1, 2.0)
        for customer, day, items in given
        for item in items
    ]
    names = "retailer customer_id order_id item_id ordered_at channel units amount"
    return pd.DataFrame(rows, columns=names.split())


def catalogue(items: Sequence[str], retailer: str = "mall") -> pd.DataFrame:
    """Describe items: of each two neighbours in the alphabet one category."""
    return pd.DataFrame(
        {
            "retailer": retailer,
            "item_id": list(items),
            "item_name": list(items),
            "category": [f"category {place // 2}" for place in range(len(items))],
            "super_category": [f"category {place // 2}" for place in range(len(items))],
            "product_ids": [f"p-{item}" for item in items],
            "sells_online": False,
            "stock": np.nan,
            "margin": np.nan,
        }
    )


def shops_of(purchases: pd.DataFrame, items: pd.DataFrame) -> dict[str, Shop]:
    return {
        str(retailer): coded(rows, items[items["retailer"] == retailer])
        for retailer, rows in purchases.groupby("retailer")
    }


def judge(
    purchases: pd.DataFrame, items: pd.DataFrame, rules: pd.DataFrame = NO_RULES, **given: object
) -> pd.DataFrame:
    folds = {}
    for retailer, known in shops_of(purchases, items).items():
        own = [rule for rule in read_rules(rules) if rule.retailer == retailer]
        kept = [unpack(pack(fold.learned())) for fold in folds_of(known, rules=own, **given)]
        folds[retailer] = [Fold.of(fold) for fold in kept]
    return backtest(folds, seed=0)


def known_of(given: Sequence[tuple[str, float, str]]) -> Shop:
    return coded(orders(given), catalogue("abcdef"))


def folds_of(
    known: Shop,
    *,
    rules: Sequence[Rule] = (),
    folds: int = 1,
    days: int = 7,
    models: Sequence[str] = SIMPLE,
) -> list[Fold]:
    _, made = learn(known, rules, SEGMENTS, folds=folds, days=days, length=10, seed=0, models=models)
    return made


def value(frame: pd.DataFrame, column: str = "value", **where: object) -> float:
    """Return the one value where the columns are as told; without a word all folds, parts and segments."""
    where = {"rule": "none", "segment": "all", "part": "all", "fold": 0} | where
    found = frame.loc[(frame[list(where)] == pd.Series(where)).all(axis=1), column]
    assert len(found) == 1
    return float(found.iloc[0])


def rules(*given: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame([("mall", *row) for row in given], columns=RULE_COLUMNS)


def shop(customers: int = 24, days: int = 70, seed: int = 0) -> pd.DataFrame:
    """Make purchases of two tastes, an order of two favourites and something else a customer and week."""
    rng = np.random.default_rng(seed)
    given = []
    for number in range(customers):
        liked = rng.permutation(12) + 12 * (number % 2)
        for day in range(int(rng.integers(0, 7)), days + 1, 7):
            bought = [*rng.permutation(liked[:4])[:2], rng.choice(liked[4:])]
            given.append(
                (f"c{number:02}", day + 0.5, "".join("abcdefghijklmnopqrstuvwx"[code] for code in bought))
            )
    return orders(given)


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    """Return the tiny case, judged on one window."""
    return judge(orders(GIVEN), catalogue("abcdef"))


@pytest.fixture(scope="module")
def big() -> Shop:
    """Return a case that is large enough for the hybrid to learn from."""
    return coded(shop(), catalogue("abcdefghijklmnopqrstuvwx"))


RULED = (
    Rule("mall", "next", "leave_out_bought_within_days", 14.0),
    Rule("mall", "next", "never_product", "p-a"),
    Rule("mall", "discover", "at_most_per_category", 1.0),
    Rule("mall", "discover", "leave_out_most_popular_percent", 25.0),
    Rule("kiosk", "next", "never_product", "p-b"),
)


@pytest.fixture(scope="module")
def big_folds(big: Shop) -> list[Fold]:
    return folds_of(big, rules=RULED[:4], folds=2, days=14, models=MODELS)


@pytest.fixture(scope="module")
def ruled() -> pd.DataFrame:
    """Return a case with rules and a hybrid that learned."""
    given = pd.DataFrame(
        [(rule.retailer, rule.list_name, rule.rule, str(rule.value)) for rule in RULED], columns=RULE_COLUMNS
    )
    return judge(shop(), catalogue("abcdefghijklmnopqrstuvwx"), given, folds=2, days=14, models=MODELS)


def test_results_are_of_the_schema(judged: pd.DataFrame, ruled: pd.DataFrame):
    for frame in (judged, ruled):
        assert frame.columns.tolist() == SCHEMA.names
        assert typed(frame, SCHEMA).num_rows == len(frame) > 100
        key = ["retailer", "list_name", "model", "rule", "segment", "part", "fold", "metric", "k"]
        assert not frame.duplicated(key).any()
        assert ((frame["ci_low"] <= frame["value"]) & (frame["value"] <= frame["ci_high"])).mean() > 0.95


def test_popularity_worked_by_hand(judged: pd.DataFrame):
    # Buyers on day 21: a 3, b, c and d 2, e 1, and f none: everybody's list is a b c d e.
    # ann buys b and d (ranks 2 and 4), ben b and c (2 and 3), cat a (1).
    where = {"list_name": "next", "model": "popularity", "k": 5}
    ann, ben, cat = (D2 + D4) / (1 + D2), (D2 + D3) / (1 + D2), 1
    assert value(judged, metric="ndcg", **where) == pytest.approx((ann + ben + cat) / 3)
    assert value(judged, metric="recall", **where) == 1
    assert value(judged, metric="precision", **where) == pytest.approx((2 + 2 + 1) / 15)
    ann, ben = (1 / 2 + 2 / 4) / 2, (1 / 2 + 2 / 3) / 2
    assert value(judged, metric="map", **where) == pytest.approx((ann + ben + 1) / 3)
    assert value(judged, "customers", metric="ndcg", **where) == 3


def test_own_frequency_worked_by_hand(judged: pd.DataFrame):
    # ann: a 3 times, b, c; ben: b twice, c, d; cat: a, d. What they never bought is not on it.
    where = {"list_name": "next", "model": "own_frequency", "k": 5}
    ann, ben, cat = D2 / (1 + D2), 1, 1
    assert value(judged, metric="ndcg", **where) == pytest.approx((ann + ben + cat) / 3)
    assert value(judged, metric="recall", **where) == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert value(judged, metric="precision", **where) == pytest.approx((1 + 2 + 1) / 15)


def test_the_metrics_are_those_of_ranking_metrics(judged: pd.DataFrame):
    hits = {
        "popularity": [[0, 1, 0, 1, 0], [0, 1, 1, 0, 0], [1, 0, 0, 0, 0]],
        "own_frequency": [[0, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]],
    }
    for model, rows in hits.items():
        expected = ranking_metrics(np.array(rows, dtype=bool), np.array([2, 2, 1]))
        for (metric, k), values in expected.items():
            found = value(judged, list_name="next", model=model, metric=metric, k=k)
            assert found == pytest.approx(values.mean(), abs=1e-9)


def test_only_customers_with_something_relevant_are_judged():
    known = known_of(GIVEN)
    (fold,) = folds_of(known)
    names = known.ids
    assert {
        list_name: names[made.customer].tolist()
        for (list_name, model, _), made in fold.lists.items()
        if model == "hybrid"
    } == {
        # dan buys nothing, eve did not before, and what fay buys nobody had sold.
        "next": ["ann", "ben", "cat"],
        # ben and cat try nothing.
        "discover": ["ann"],
        # ann rebuys b, ben b and c, and cat a: a and b are due.
        "again": ["ann", "ben", "cat"],
    }
    for made in fold.lists.values():
        assert (made.relevant > 0).all()
        assert (made.hits.sum(axis=1) <= made.relevant).all()


def test_again_is_judged_on_what_is_due_within_the_window():
    # a is usually rebought after the 8.75 days of ann's: gus's one of day 20 is expected on day 29.25, and is
    # not counted that he rebuys it on day 27.
    known = known_of([*GIVEN, ("gus", 20.5, "a"), ("gus", 27.0, "a")])
    (fold,) = folds_of(known)
    names = known.ids
    made = {name: fold.lists[name, "own_frequency", "none"] for name in ("again", "next")}
    assert names[made["again"].customer].tolist() == ["ann", "ben", "cat"]
    assert names[made["next"].customer].tolist() == ["ann", "ben", "cat", "gus"]
    # Nobody bought c or d twice: of ann's a, b and c the first two are due, and b (1) is bought.
    assert made["again"].items[:, :3].tolist() == [[0, 1, -1], [1, -1, -1], [0, -1, -1]]
    assert made["again"].relevant.tolist() == [1, 1, 1]
    assert made["again"].hits[:, :3].tolist() == [
        [False, True, False],
        [True, False, False],
        [True, False, False],
    ]


def test_discover_is_judged_on_what_is_new_to_the_customer(judged: pd.DataFrame):
    # ann had not bought d (2 buyers) nor e (1): d comes first. Own frequency knows nothing of it.
    where = {"list_name": "discover", "metric": "ndcg", "k": 5}
    assert value(judged, model="popularity", **where) == 1
    assert value(judged, model="own_frequency", **where) == 0
    assert value(judged, "customers", model="popularity", **where) == 1


def test_next_is_split_into_what_was_bought_before_and_what_was_not(judged: pd.DataFrame):
    where = {"list_name": "next", "metric": "ndcg", "k": 5}
    # Of what ann buys, b (rank 2) is a repetition and d (4) is not; the others only repeat.
    repeat = (D2 + (D2 + D3) / (1 + D2) + 1) / 3
    assert value(judged, model="popularity", part="repeat", **where) == pytest.approx(repeat)
    assert value(judged, model="popularity", part="explore", **where) == pytest.approx(D4)
    assert value(judged, model="own_frequency", part="repeat", **where) == pytest.approx((D2 + 1 + 1) / 3)
    assert value(judged, model="own_frequency", part="explore", **where) == 0
    customers = [
        value(judged, "customers", model="hybrid", part=part, **where) for part in ("repeat", "explore")
    ]
    assert customers == [3, 1]
    others = judged[judged["list_name"] != "next"]
    assert set(others["part"]) == {"all"}


def test_novelty_and_diversity_worked_by_hand(judged: pd.DataFrame):
    # Of 6 - 1 customers before the window (eve is new) 3 bought a, 2 b, 2 c, 2 d and 1 e.
    where = {"list_name": "next", "model": "popularity", "k": 5}
    bits = -(log2(3 / 5) + 3 * log2(2 / 5) + log2(1 / 5)) / 5
    assert value(judged, metric="novelty", **where) == pytest.approx(bits)
    # Of the 10 pairs of a b c d e only ab and cd are of one category.
    assert value(judged, metric="diversity", **where) == pytest.approx(8 / 10)


def test_coverage_counts_the_items_of_every_fold_anew():
    frame = judge(orders(GIVEN), catalogue("abcdef"), folds=2)
    # Own items of those judged: on day 21 ann's a b c, ben's b c d and cat's a d, 4 of the 5 items on sale.
    # On day 14 ann's a b, who rebuys a, and ben's b, who buys d: 2 of the 4 on sale.
    where = {"list_name": "next", "metric": "coverage"}
    assert value(frame, model="own_frequency", k=5, **where) == pytest.approx((4 + 2) / (5 + 4))
    assert value(frame, model="popularity", k=5, **where) == 1
    one = judge(orders(GIVEN), catalogue("abcdef"))
    assert value(one, model="own_frequency", k=20, **where) == pytest.approx(4 / 5)


def test_coverage_is_of_all_folds_and_customers_together(ruled: pd.DataFrame):
    coverage = ruled[ruled["metric"] == "coverage"]
    assert set(coverage["segment"]) == set(coverage["part"]) == {"all"}
    assert set(coverage["fold"]) == {0}
    assert coverage["difference"].isna().all()
    assert set(coverage["rule"]) == set(ruled["rule"])


def test_folds_are_told_apart_and_together():
    frame = judge(orders(GIVEN), catalogue("abcdef"), folds=2)
    where = {"list_name": "next", "model": "own_frequency", "metric": "recall", "k": 5}
    # Day 21: 1/2, 1 and 1 of ann's, ben's and cat's. Day 14: ann buys a and c, c is new: all of a.
    # ben buys c and d: d is on sale, and not his.
    latest, before = [1 / 2, 1, 1], [1, 0]
    assert value(frame, fold=1, **where) == pytest.approx(np.mean(latest))
    assert value(frame, fold=2, **where) == pytest.approx(np.mean(before))
    assert value(frame, **where) == pytest.approx(np.mean(latest + before))
    customers = [value(frame, "customers", fold=fold, **where) for fold in (0, 1, 2)]
    assert customers == [3, 3, 2]


def test_folds_are_as_many_as_the_purchases_allow(capsys: pytest.CaptureFixture[str]):
    # Day 7 of 28 is the first that has a week before it, to learn the next one from: day 14 is judged first.
    known = known_of(GIVEN)
    found = {fold.number: fold for fold in folds_of(known, folds=12)}
    assert list(found) == [1, 2]
    assert [fold.catalogue for fold in found.values()] == [5, 4]  # e is first sold on day 2, c on day 17
    assert capsys.readouterr().out.splitlines() == [
        "recommendations: mall: learning from 2 customers of the 7 days after 2024-01-08",
        "recommendations: mall: learning from 2 customers of the 7 days after 2024-01-15",
        "recommendations: mall: learning from 4 customers of the 7 days after 2024-01-22",
    ]


def test_too_short_a_history_is_told_and_gives_nothing(capsys: pytest.CaptureFixture[str]):
    short = [(customer, day, items) for customer, day, items in GIVEN if day < 20]
    nothing = judge(orders(short), catalogue("abcdef"))
    assert_frame_equal(nothing, empty(SCHEMA))
    assert capsys.readouterr().out.splitlines()[0] == (
        "recommendations: mall: 18 days of purchases are too few to learn and to judge"
    )


def test_no_folds_give_nothing_without_a_word(capsys: pytest.CaptureFixture[str]):
    assert typed(judge(orders(GIVEN), catalogue("abcdef"), folds=0), SCHEMA).num_rows == 0
    assert typed(backtest({}, seed=0), SCHEMA).num_rows == 0
    assert "too few" not in capsys.readouterr().out


def test_each_rule_is_judged_and_all_of_a_list_together(ruled: pd.DataFrame):
    found = ruled.groupby("list_name")["rule"].unique().map(set).to_dict()
    lately, never = "leave_out_bought_within_days: 14", "never_product: p-a"
    varied, popular = "at_most_per_category: 1", "leave_out_most_popular_percent: 25"
    assert found == {
        "discover": {"none", varied, popular, "all rules"},
        "again": {"none"},
        "next": {"none", lately, never, "all rules"},
        "push": {"none"},
    }
    told = ruled[ruled["rule"] != "none"]
    assert set(told["model"]) == {"hybrid"}
    assert set(told["segment"]) == {"all"}
    assert set(told["fold"]) == {0}


def test_rules_change_the_hybrids_lists(big: Shop, big_folds: list[Fold]):
    for fold in big_folds:
        made = {rule: made for (name, model, rule), made in fold.lists.items() if (name, model) == NEXT}
        listed = {rule: made.items for rule, made in made.items()}
        lately, never = "leave_out_bought_within_days: 14", "never_product: p-a"
        assert set(listed) == {"none", lately, never, "all rules"}
        assert {rule: bool((items == 0).any()) for rule, items in listed.items() if rule != lately} == {
            "none": True,
            never: False,
            "all rules": False,
        }
        history = History(big, 14 * fold.number)
        bought = history.within(14 + 1e-9, 14 + 1e-9).toarray()[made["none"].customer] > 0
        held = {
            rule: bool((np.take_along_axis(bought, np.maximum(items, 0), axis=1) & (items >= 0)).any())
            for rule, items in listed.items()
        }
        assert held == {"none": True, lately: False, never: True, "all rules": False}
        for row in fold.lists["discover", "hybrid", "at_most_per_category: 1"].items:
            categories = row[row >= 0] // 2
            assert len(set(categories)) == len(categories) > 0


def test_the_difference_is_the_hybrids_less_the_models(ruled: pd.DataFrame):
    lists = ruled[(ruled["rule"] == "none") & ruled["metric"].isin(["recall", "map", "ndcg", "hit_rate"])]
    key = ["list_name", "segment", "part", "fold", "metric", "k"]
    hybrid = lists[lists["model"] == "hybrid"]
    others = lists[lists["model"] != "hybrid"].merge(hybrid, on=key, suffixes=("", "_of_hybrid"))
    assert len(others) == len(hybrid) * len(MODELS)
    # The metrics have a value for every customer, so that the mean difference is that of the means.
    expected = others["value_of_hybrid"] - others["value"]
    assert np.allclose(others["difference"], expected, atol=3e-9)
    assert (expected > 0).any()
    assert (others["difference_low"] <= others["difference"] + 1e-9).mean() > 0.95
    assert (others["difference_high"] >= others["difference"] - 1e-9).mean() > 0.95


def grocer(households: int = 60, weeks: int = 16, seed: int = 0) -> pd.DataFrame:
    """Make purchases of a grocer, weekly on the same evening: four staples a household, or a pair of eight.

    A staple is in two baskets of three and goes with everything; the halves of a pair are bought seldom and
    only together, which is the closest thing that goes with a basket.
    """
    rng = np.random.default_rng(seed)
    given = []
    for number in range(households):
        staples = rng.permutation(8)[:4]
        for week in range(weeks):
            bought = set(staples[rng.random(4) < 2 / 3])
            if rng.random() < 0.5:
                pair = 8 + 2 * int(rng.integers(0, 8))
                bought |= {pair, pair + 1} if rng.random() < 0.7 else {pair}
            given.append(
                (
                    f"h{number:02}",
                    7.0 * week + 0.75,
                    "".join("abcdefghijklmnopqrstuvwx"[code] for code in bought),
                )
            )
    return orders(given)


@pytest.mark.slow
def test_what_goes_with_a_basket_does_not_displace_what_a_household_buys_every_week():
    known = coded(grocer(), catalogue("abcdefghijklmnopqrstuvwx"))
    made = folds_of(known, folds=2, models=("own_recent_frequency", "own_then_popular", "goes_with"))
    found = _rivals(trials(made, "push"), seed=0).set_index("model")
    assert found.loc["hybrid", "rival"] == "own_then_popular"
    assert found.loc["hybrid", "rival_lead_low"] <= 0
    assert found.loc["goes_with", "rival_lead_low"] > 0.1


def test_every_model_has_a_rival_in_what_is_chosen_by(ruled: pd.DataFrame):
    chosen_by = (ruled["metric"] == "ndcg") & (ruled["k"] == 10) & (ruled["rule"] == "none")
    chosen_by &= (ruled["segment"] == "all") & (ruled["part"] == "all") & (ruled["fold"] == 0)
    assert (ruled["rival"].notna() == chosen_by).all()
    for _, rows in ruled[chosen_by].groupby("list_name"):
        values = rows.set_index("model")["value"]
        assert len(values) == len(MODELS) + 1
        assert np.allclose(rows["rival_lead"], values[rows["rival"]].to_numpy() - rows["value"], atol=3e-9)
        assert (rows["rival_lead_low"] <= rows["rival_lead"]).all()
        assert (rows.loc[rows["value"] == values.max(), "rival_lead_low"] <= 0).all()
        assert (rows["rival_lead_low"] > 0).any()


def test_a_rules_difference_is_with_it_less_without(ruled: pd.DataFrame):
    lists = ruled[(ruled["model"] == "hybrid") & (ruled["metric"].isin(["recall", "ndcg"]))]
    lists = lists[(lists["segment"] == "all") & (lists["part"] == "all") & (lists["fold"] == 0)]
    without = lists[lists["rule"] == "none"]
    given = lists[lists["rule"] != "none"].merge(
        without, on=["list_name", "metric", "k"], suffixes=("", "_without")
    )
    assert len(given) == 2 * 3 * (3 + 3)
    assert np.allclose(given["difference"], given["value"] - given["value_without"], atol=3e-9)
    cost = given[given["rule"].str.startswith("leave_out_bought") & (given["k"] == 10)]
    assert (cost["difference"] < 0).all()  # favourites are what they buy again


def test_the_hybrid_is_not_compared_with_itself(ruled: pd.DataFrame):
    own = (ruled["model"] == "hybrid") & (ruled["rule"] == "none")
    for column in ("difference", "difference_low", "difference_high"):
        assert ruled.loc[own, column].isna().all()
        told = ruled[~own & ~ruled["metric"].isin(["coverage", "novelty", "diversity"])]
        assert told[column].notna().all()


def test_a_hybrid_that_learned_beats_what_everybody_buys(ruled: pd.DataFrame):
    where = {"metric": "ndcg", "k": 10}
    for list_name, model in (("next", "popularity"), ("discover", "popularity"), ("next", "item_cosine")):
        assert value(ruled, "difference_low", list_name=list_name, model=model, **where) > 0


def test_results_are_by_segment_too(ruled: pd.DataFrame, big_folds: list[Fold]):
    told = {segment for segment in ruled["segment"].unique() if segment != "all"}
    made = [(fold, fold.lists["next", "hybrid", "none"]) for fold in big_folds]
    everybody = pd.DataFrame(
        [
            (fold.segments[customer], customer, bool(hits[:5].any()))
            for fold, one in made
            for customer, hits in zip(one.customer, one.hits, strict=True)
        ],
        columns=["segment", "customer", "hit"],
    )
    assert told == set(everybody["segment"]) > {"VIP"}
    where = {"list_name": "next", "model": "hybrid", "metric": "hit_rate", "k": 5}
    for segment, rows in everybody.groupby("segment"):
        assert value(ruled, segment=segment, **where) == pytest.approx(rows["hit"].mean())
        assert value(ruled, "customers", segment=segment, **where) == rows["customer"].nunique()


def test_segments_are_those_of_the_seed():
    # Recency, frequency and amount of five customers in the same order: quintiles 1 to 5 of each.
    given = [(f"c{rank}", 10.0 * rank + place / 10, "a") for rank in range(1, 6) for place in range(rank)]
    history = History(coded(orders([*given, ("later", 80.0, "a")]), catalogue("a")), 20)
    assert history.scores.tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4], [5, 5, 5], [0, 0, 0]]
    assert segments_of(history, SEGMENTS).tolist() == [
        "Hibernating",
        "Cannot lose them",
        "Promising",
        "Potential Loyalists",
        "VIP",
        "none",
    ]


def test_segments_weigh_recency_then_frequency_then_amount():
    # The latest to buy did so once, the first to buy most often.
    given = [(f"c{rank}", 10.0 * rank + place / 10, "a") for rank in range(1, 6) for place in range(6 - rank)]
    purchases = orders(given)
    purchases["amount"] = purchases["customer_id"].map({"c1": 1, "c2": 9, "c3": 4, "c4": 20, "c5": 90})
    history = History(coded(purchases, catalogue("a")))
    # Amounts: 5, 36, 12, 40, 90.
    assert history.scores.tolist() == [[1, 5, 1], [2, 4, 3], [3, 3, 2], [4, 2, 4], [5, 1, 5]]
    assert segments_of(history, SEGMENTS).tolist() == [
        "At-Risk",
        "About To Sleep",
        "Need Attention",
        "New customers",
        "Loyal customer",
    ]


def test_every_score_is_of_one_segment():
    scores = [100 * r + 10 * f + m for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]
    held = [((SEGMENTS["score_from"] <= score) & (score <= SEGMENTS["score_to"])).sum() for score in scores]
    assert set(held) == {1}


def same_lists(one: Fold, other: Fold) -> int:
    """Check that what is on the lists of two folds is the same; return how many lists were compared."""
    assert one.number == other.number
    assert set(one.lists) == set(other.lists)
    compared = 0
    for key, made in one.lists.items():
        again = other.lists[key]
        both = sorted(set(made.customer) & set(again.customer))
        rows = [pd.Index(found.customer).get_indexer(both) for found in (made, again)]
        assert np.array_equal(made.items[rows[0]], again.items[rows[1]])
        assert np.array_equal(made.owned[rows[0]], again.owned[rows[1]])
        compared += len(both)
    return compared


def swapped(known: Shop, days: float) -> Shop:
    """Change what is bought in the last days: everybody takes the next item of the alphabet but one."""
    lines = known.lines.copy()
    later = lines["time"] > -days * 86_400
    lines.loc[later, "item"] = (lines.loc[later, "item"] + 2) % len(known.items)
    lines.loc[later, ["units", "amount"]] *= 3
    lines.loc[later, "online"] = True
    return replace(known, lines=lines)


def test_what_is_bought_in_the_judged_window_does_not_change_the_lists(big: Shop, big_folds: list[Fold]):
    changed = folds_of(swapped(big, 14), rules=RULED[:4], folds=2, days=14, models=MODELS)
    assert same_lists(big_folds[0], changed[0]) > 24 * len(MODELS)
    assert same_lists(big_folds[1], changed[1]) > 24 * len(MODELS)
    key = ("next", "hybrid", "none")
    latest, before = ([folds[place].lists[key] for folds in (big_folds, changed)] for place in (0, 1))
    assert latest[0].hits.sum() != latest[1].hits.sum()  # they are worth something else, of course
    assert np.array_equal(before[0].hits, before[1].hits)  # in the window before nothing has changed


def test_an_earlier_window_does_not_see_the_later_ones(big: Shop, big_folds: list[Fold]):
    changed = folds_of(swapped(big, 28), rules=RULED[:4], folds=2, days=14, models=MODELS)
    assert same_lists(big_folds[1], changed[1]) > 24 * len(MODELS)
    # The latest lists are learned from what is changed now.
    key = ("next", "hybrid", "none")
    one, other = (folds[0].lists[key] for folds in (big_folds, changed))
    both = np.intersect1d(one.customer, other.customer)
    rows = [np.isin(made.customer, both) for made in (one, other)]
    assert not np.array_equal(one.items[rows[0]], other.items[rows[1]])


def test_trials_hold_the_same_customers_for_every_model(big_folds: list[Fold]):
    tried: Trials = trials(big_folds, "next")
    rows = len(tried.customer)
    assert rows == len(tried.fold) == len(tried.segment)
    assert all(values.shape == (rows, 21) for values in tried.values.values())
    assert all(items.shape == (rows, DEPTH) for items in tried.items.values())
    assert tried.catalogue == {1: 24, 2: 24}
    # Codes of the two folds are not the same things.
    first, second = (set(tried.items["hybrid", "none"][tried.fold == fold].ravel()) for fold in (1, 2))
    assert first & second <= {-1}
    for fold in big_folds:
        for (list_name, _, _), made in fold.lists.items():
            reference = fold.lists[list_name, "hybrid", "none"]
            assert np.array_equal(made.customer, reference.customer)
            assert np.array_equal(made.relevant, reference.relevant)


def test_two_retailers_are_judged_apart(judged: pd.DataFrame):
    other = [
        (customer, day, items.translate(str.maketrans("abcdef", "fedcba"))) for customer, day, items in GIVEN
    ]
    purchases = pd.concat([orders(other, "kiosk"), orders(GIVEN)]).sample(frac=1, random_state=0)
    items = pd.concat([catalogue("abcdef"), catalogue("abcdef", "kiosk")])
    both = judge(purchases, items)
    assert_frame_equal(both[both["retailer"] == "mall"].reset_index(drop=True), judged)
    assert set(both["retailer"]) == {"kiosk", "mall"}


def test_the_same_seed_gives_the_same_figures(judged: pd.DataFrame):
    assert_frame_equal(judge(orders(GIVEN).iloc[::-1], catalogue("abcdef")), judged)


def test_rules_are_read_for_all_retailers_at_once():
    given = pd.DataFrame([("kiosk", "next", "never_product", "p-a")], columns=RULE_COLUMNS)
    assert read_rules(given)
    assert set(judge(orders(GIVEN), catalogue("abcdef"), given)["rule"]) == {"none"}


def test_a_window_in_which_nobody_came_back_is_skipped():
    frame = judge(orders([row for row in GIVEN if not 14 < row[1] <= 21]), catalogue("abcdef"))
    assert set(frame["model"]) == {*SIMPLE, "hybrid", "recent_popularity"}


def test_models_are_judged_without_the_one_that_push_weighs_by():
    frame = judge(
        orders([*GIVEN, ("dan", 21.0, "c"), ("dan", 22.0, "b")]), catalogue("abcdef"), models=["als"]
    )
    assert "next" in set(frame["list_name"])
