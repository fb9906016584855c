from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal
from scipy.sparse import csr_matrix
from small_shops import Shop, coded

from palette.core.catalogue import model_names
from palette.core.learned import pack, unpack
from palette.engine.spreading import Common, unpacked
from palette.recommendations import hybrid
from palette.recommendations import lists as lists_module
from palette.recommendations.history import History
from palette.recommendations.hybrid import Candidates, Moment, fit_moment, fit_ranker, scores_of
from palette.recommendations.learning import learn
from palette.recommendations.lists import (
    NOWHERE,
    SCHEMA,
    Lists,
    Preferences,
    in_preferred_order,
    listed,
    on_list,
    ranked,
    ruled_items,
)
from palette.recommendations.models import GoesWith, GroupPopularity
from palette.recommendations.offers import OFFERS, Offer
from palette.recommendations.rules import read_rules
from palette.recommendations.scores import Dense, Scores

MODELS = model_names()
SEGMENTS = pd.read_csv(Path(__file__).parents[3] / "seeds" / "segments" / "rfm_segments.csv")

OFFER = {offer.name: offer for offer in OFFERS}
START = pd.Timestamp("2024-01-01")
DAYS = 7
KEY = ["retailer", "customer_id", "list_name"]
TEA = [f"tea-{number:02}" for number in range(20)]
TOYS = [f"toy-{number:02}" for number in range(20)]
ODDS = ["odd-00", "odd-01"]  # of a category that no group has a preference for
NO_RULES = pd.DataFrame(columns=["retailer", "list_name", "rule", "value"])


def orders(*given: tuple[str, float, str], retailer: str = "mall") -> pd.DataFrame:
    """Make purchases: customer, day of 2024 (0.5 = noon of 1 January), items; `ab@` = a and b, online."""
    rows = [
        (
            retailer,
            customer,
            f"{customer}{day}",
            item,
            START + pd.Timedelta(minutes=round(day * 1440)),
            "online" if items.endswith("@") else "offline",
            1,
            2.0,
        )
        for customer, day, items in given
        for item in items.removesuffix("@")
    ]
    names = "retailer customer_id order_id item_id ordered_at channel units amount"
    return pd.DataFrame(rows, columns=names.split())


def catalogue(items: Sequence[str], retailer: str = "mall") -> pd.DataFrame:
    """Describe items: `tea-01` is of the category and super-category `tea`."""
    return pd.DataFrame(
        {
            "retailer": retailer,
            "item_id": list(items),
            "item_name": [item.title() for item in items],
            "category": [item[:3] for item in items],
            "super_category": [item[:3] for item in items],
            "product_ids": [f"{item}|{item}-big" for item in items],
            "sells_online": False,
            "stock": np.nan,
            "margin": np.nan,
        }
    )


def history(*given: tuple[str, float, str], days_back: int = 0) -> History:
    return History(coded(orders(*given), catalogue("abcdef")), days_back)


def given_scores(values: Sequence[Sequence[float]]) -> Scores:
    return Dense.of(csr_matrix(np.array(values, dtype=np.float32)))


def on_offer(name: str, known: History, days: int = DAYS) -> dict[str, str]:
    """Return what each customer of a list may find on it."""
    offer = OFFER[name]
    customers = np.flatnonzero(offer.customers(known))
    allowed = offer.items(known, customers, days)
    ids = known.purchases.items["item_id"].to_numpy()
    assert allowed.shape == (len(customers), known.shape[1])
    return {
        str(known.purchases.ids[customer]): "".join(ids[row])
        for customer, row in zip(customers, allowed, strict=True)
    }


def ranking(offer: Offer, known: History, score: list[list[float]], **scores: list[list[float]]) -> list[str]:
    """Rank all items for all customers by the scores given: 'ann a 0.5' and, if bought, '3 days'."""
    customers = np.arange(known.shape[0])
    place, item = np.indices(known.shape).reshape(2, -1)
    components = {name: given_scores(values) for name, values in scores.items()}
    chosen = Candidates(customers, components, place, item)
    allowed = offer.allowed(known, customers, components, DAYS)
    everything = ranked(Moment(known, {}), chosen, np.array(score).ravel())
    rows = on_list(offer, known, everything, allowed)
    assert rows.columns.tolist() == ["customer", "item", "score", "days_since_bought"]
    return [
        f"{known.purchases.ids[row.customer]} {'abcdef'[row.item]} {row.score:g}"
        + ("" if np.isnan(row.days_since_bought) else f" {row.days_since_bought:g} days")
        for row in rows.itertuples(index=False)
    ]


def shop(retailer: str, *, customers: int = 30, days: int = 84, seed: int = 0) -> pd.DataFrame:
    """Make a retailer of two tastes, tea and toys, that customers are named for.

    A customer orders once a week, two of six favourites and any other item of the taste. Every third one buys
    online as well, where half of the items are sold. `tea-once` bought one thing on one day, and `toy-last`
    three on the last.
    """
    rng = np.random.default_rng(seed)
    rows = [("tea-once", 3, [TEA[1]], "offline"), ("toy-last", days - 1, [*TOYS[:2], ODDS[0]], "offline")]
    for number in range(customers):
        taste = ("tea", "toy")[number % 2]
        liked = rng.permutation(TEA if taste == "tea" else TOYS)
        for day in range(int(rng.integers(0, 7)), days - 1, 7):
            channel = "online" if number % 3 == 0 and rng.random() < 0.5 else "offline"
            bought = [*rng.permutation(liked[:6])[:2], rng.choice(liked[6:])]
            if rng.random() < 0.2:
                bought.append(ODDS[number % 2])
            if channel == "online":
                bought = [item for item in bought if item[-1] in "02468"] or [ODDS[0]]
            rows.append((f"{taste}-{number:02}", day, bought, channel))
    lines = [
        (retailer, customer, f"{place:04}", item, START + pd.Timedelta(days=day, hours=10), channel, 1, 2.5)
        for place, (customer, day, bought, channel) in enumerate(rows)
        for item in bought
    ]
    return pd.DataFrame(lines, columns=orders().columns)


def shops_of(purchases: pd.DataFrame) -> dict[str, Shop]:
    return {
        str(retailer): coded(rows, catalogue([*ODDS, *TEA, *TOYS], str(retailer)))
        for retailer, rows in purchases.groupby("retailer")
    }


def palette_of(known: Shop) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a palette group for each taste, which prefers the other taste, and what it prefers."""
    palette = pd.DataFrame({"customer_code": range(known.customers), "palette_group": known.ids})
    palette["palette_group"] = palette["palette_group"].str[:3]
    rows = [("tea", "toy", 1), ("tea", "tea", 2), ("toy", "tea", 1), ("toy", "toy", 2), ("toy", "ink", 3)]
    return palette, pd.DataFrame(rows, columns=["palette_group", "super_category", "preference_rank"])


def lists_of(
    known: Shop,
    rules: pd.DataFrame = NO_RULES,
    choices: Sequence[tuple[str, str, str]] = (),
    **given: object,
) -> Lists:
    settings = {"length": 5, "days": 14, "seed": 0, "models": MODELS} | given
    own = [rule for rule in read_rules(rules) if rule.retailer == known.retailer]
    fitted = {name: settings[name] for name in ("days", "length", "seed")}
    learned, _ = learn(known, own, SEGMENTS, folds=0, models=settings["models"], **fitted)
    made_by = {name: model for retailer, name, model in choices if retailer == known.retailer}
    return Lists.of(known, unpack(pack(learned)), own, made_by, *palette_of(known), **fitted)


def tables_of(known: Shop, *given: object, **settings: object) -> list[pa.Table]:
    lists = lists_of(known, *given, **settings)
    return [lists(batch) for batch in lists.batches()]


def made(purchases: pd.DataFrame, *given: object, **settings: object) -> pd.DataFrame:
    """Make all lists of some retailers, and put ids for the codes."""
    frames = []
    for known in shops_of(purchases).values():
        lists = pa.concat_tables(tables_of(known, *given, **settings)).to_pandas()
        ids = known.items["item_id"].to_numpy(dtype=object)
        lists.insert(1, "customer_id", known.ids[lists.pop("customer_code")])
        lists.insert(4, "item_id", ids[lists.pop("item_code")])
        frames.append(lists)
    return pd.concat(frames, ignore_index=True)


def rules(*given: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(given, columns=NO_RULES.columns)


@pytest.fixture(scope="module")
def two_shops() -> pd.DataFrame:
    """Return a retailer with a history and one of two weeks; both use the same ids."""
    return pd.concat([shop("mall"), shop("kiosk", days=14, seed=1)], ignore_index=True)


@pytest.fixture(scope="module")
def lists(two_shops: pd.DataFrame) -> pd.DataFrame:
    return made(two_shops)


@pytest.fixture(scope="module")
def kiosk(two_shops: pd.DataFrame) -> pd.DataFrame:
    """Return the purchases of the retailer that has too little history for a ranker."""
    return two_shops[two_shops["retailer"] == "kiosk"]


def test_discover_is_what_a_customer_has_not_bought_and_is_on_sale():
    given = [("ann", 1.5, "ab"), ("ben", 2.5, "c@"), ("ann", 12.5, "d"), ("cat", 13.5, "e")]
    assert on_offer("discover", history(*given)) == {"ann": "ce", "ben": "abde", "cat": "abcd"}
    # Two days ago nobody knew cat, e or that ann buys d; f is in the catalogue and was never sold.
    assert on_offer("discover", history(*given, days_back=2)) == {"ann": "c", "ben": "ab"}


def test_again_is_what_is_due_within_the_window():
    known = history(
        ("ann", 1.5, "a"),
        ("ann", 11.5, "a"),
        ("ann", 21.5, "ab"),
        ("ben", 3.5, "a"),
        ("ben", 23.5, "a"),
        ("cat", 30.5, "ab"),
    )
    # Intervals of a: ann's 10 days, ben's 20, usually 15. ann's next one is expected (10 + 10 + 15) / 3 days
    # after day 21, which is in 2.67 days; ben's (20 + 15) / 2 after day 23, in 10.5; cat's in 15.
    # Nobody bought b twice: it is never due.
    assert on_offer("again", known, days=2) == {"ann": "", "ben": "", "cat": ""}
    assert on_offer("again", known, days=3) == {"ann": "a", "ben": "", "cat": ""}
    assert on_offer("again", known, days=10) == {"ann": "a", "ben": "", "cat": ""}
    assert on_offer("again", known, days=11) == {"ann": "a", "ben": "a", "cat": ""}
    assert on_offer("again", known, days=14) == {"ann": "a", "ben": "a", "cat": ""}
    assert on_offer("again", known, days=15) == {"ann": "a", "ben": "a", "cat": "a"}


def test_what_is_overdue_is_due():
    known = history(("ann", 1.5, "a"), ("ann", 3.5, "a"), ("ben", 60.5, "b"))
    assert on_offer("again", known) == {"ann": "a", "ben": ""}


def test_next_is_anything_on_sale():
    given = [("ann", 1.5, "ab"), ("ben", 2.5, "c@"), ("ann", 12.5, "d"), ("cat", 13.5, "e")]
    assert on_offer("next", history(*given)) == {"ann": "abcde", "ben": "abcde", "cat": "abcde"}
    assert on_offer("next", history(*given, days_back=2)) == {"ann": "abc", "ben": "abc"}


def test_online_offers_are_what_sold_online_for_those_who_only_buy_offline():
    given = [("ann", 1.5, "ab"), ("ben", 2.5, "ac@"), ("ben", 3.5, "d"), ("cat", 9.5, "b@")]
    assert on_offer("online_offers", history(*given)) == {"ann": "abc"}
    # A week ago b sold in the shop alone, and cat was not a customer yet.
    assert on_offer("online_offers", history(*given, days_back=5)) == {"ann": "ac"}


def test_a_retailer_of_one_channel_has_no_online_offers():
    assert on_offer("online_offers", history(("ann", 1.5, "ab"), ("ben", 2.5, "c"))) == {}
    assert on_offer("online_offers", history(("ann", 1.5, "ab@"), ("ben", 2.5, "c@"))) == {}


def test_push_is_for_those_who_bought_on_the_last_day_and_not_what_they_took_then():
    given = [
        ("ann", 1.5, "ab"),
        ("ann", 30.0, "c"),  # at midnight the day begins
        ("ann", 30.4, "d"),
        ("ben", 29.99, "a"),
        ("cat", 30.75, "be"),
    ]
    assert on_offer("push", history(*given)) == {"ann": "abe", "cat": "acd"}
    # A day ago at 18:00: ben's order of 23:45 was still to come.
    assert on_offer("push", history(*given, days_back=1)) == {}
    assert on_offer("push", history(*given, ("ben", 31.0, "a"))) == {"ben": "bcde"}


def test_ranking_is_by_customer_and_best_first_and_equals_by_item():
    known = history(("ann", 1.5, "ab"), ("ben", 4.5, "cd"))
    told = ranking(OFFER["next"], known, [[0.2, 0.2, 0.9, 0.1, 9, 9], [0.3, 0.3, 0.3 + 1e-12, 0.5, 9, 9]])
    assert told == [
        "ann c 0.9",
        "ann a 0.2 3 days",
        "ann b 0.2 3 days",
        "ann d 0.1",
        "ben d 0.5 0 days",
        "ben a 0.3",  # to nine places the three are equal
        "ben b 0.3",
        "ben c 0.3 0 days",
    ]


def test_ranking_holds_what_the_list_may_hold_and_for_its_customers_alone():
    known = history(("ann", 1.5, "ab"), ("ben", 4.5, "cd@"), ("cat", 9.5, "a"))
    score = [[0.1, 0.2, 0.3, 0.4, 9, 9]] * 3
    assert ranking(OFFER["discover"], known, score) == [
        *["ann d 0.4", "ann c 0.3", "ben b 0.2", "ben a 0.1"],
        *["cat d 0.4", "cat c 0.3", "cat b 0.2"],
    ]
    assert ranking(OFFER["online_offers"], known, score) == [
        "ann d 0.4",
        "ann c 0.3",
        "cat d 0.4",
        "cat c 0.3",
    ]
    assert ranking(OFFER["again"], known, score) == []


def test_push_is_what_goes_with_the_day_and_the_likeliest_of_it_first():
    known = history(("ann", 1.5, "bcde"), ("ben", 1.5, "a"), ("ben", 9.25, "a"), ("ann", 9.5, "a"))
    score = [[9, 0.4, 0.5, 0.8, 0.9, 9], [9, 0.4, 0.5, 0.8, 0, 9]]
    goes_with = [[9, 0.5, 0.5, 0.25, 0, 9], [9, 0.5, 0.1, 0, 1, 9]]
    assert ranking(OFFER["push"], known, score, goes_with=goes_with) == [
        "ann d 0.8 8 days",  # the ranker knows already how well each goes with a
        "ann c 0.5 8 days",
        "ann b 0.4 8 days",
        "ben c 0.5",
        "ben b 0.4",
        "ben e 0",
    ]


def test_what_goes_with_is_the_cosine_within_orders():
    known = history(("ann", 1.5, "ab"), ("ben", 2.5, "ab"), ("cat", 3.5, "ac"), ("ben", 9.5, "a"))
    moment = Moment(known, {})
    found = GoesWith().fit(known).score(known, np.array([1]))
    # a is in 4 orders, b in 2 and c in 1: 2 / sqrt(4 x 2) and 1 / sqrt(4 x 1).
    scored = found.at(np.zeros(6, dtype=np.int64), np.arange(6)).tolist()
    assert scored == pytest.approx([0, 2 / np.sqrt(8), 1 / 2, 0, 0, 0])
    everything = Candidates(np.array([1]), {"goes_with": found}, np.zeros(6, dtype=int), np.arange(6))
    allowed = OFFER["push"].allowed(known, everything.customers, everything.scores, DAYS)
    rows = on_list(OFFER["push"], known, ranked(moment, everything, np.full(6, 0.5)), allowed)
    assert rows["item"].tolist() == [1, 2]
    assert rows["score"].tolist() == [0.5, 0.5]


def test_rules_see_the_items_as_they_were_known():
    known = history(("ann", 1.5, "ab"), ("ben", 2.5, "a"), ("cat", 9.5, "ab"), days_back=5)
    items = ruled_items(known)
    assert items["buyers"].tolist() == [2, 1, 0, 0, 0, 0]
    assert items["product_ids"].tolist()[:2] == [["a", "a-big"], ["b", "b-big"]]


def test_without_a_ranker_the_fusion_ranks_and_is_named():
    known = coded(orders(("ann", 1.5, "ab"), ("ben", 2.5, "b")), catalogue("ab"))
    moment = fit_moment(known, 0, seed=0, models=["popularity"])
    chosen = Candidates(
        np.array([1]),
        {"recent_popularity": given_scores([[1, 2]]), "goes_with": given_scores([[0, 0]])},
        np.array([0, 0]),
        np.array([0, 1]),
    )
    score, model = scores_of(fit_ranker([], seed=0), moment, chosen)
    # b is first of all and ben's own; a is second, and ben never bought it.
    assert model == "rank_fusion"
    assert score.tolist() == pytest.approx([1 / 62, 1 / 61 + 1 / 61])


def made_by(model: str, list_name: str = "next", **scores: list[list[float]]) -> list[str]:
    """List what two customers of four items get; the hybrid says d, then b, and nothing of a and c."""
    known = history(("ann", 1.5, "ab"), ("ben", 9.5, "cd"), ("ann", 9.5, "d"))
    components = {name: given_scores(values) for name, values in scores.items()}
    place, item = np.array([0, 0, 1, 1]), np.array([1, 3, 1, 3])
    chosen = Candidates(np.arange(2), components, place, item)
    moment = Moment(known, {})
    by_the_hybrid = ranked(moment, chosen, np.array([0.1, 0.2, 0.1, 0.2])).assign(model="hybrid")
    rows = listed(OFFER[list_name], moment, chosen, by_the_hybrid, model, days=DAYS)
    return [
        f"{('ann', 'ben')[row.customer]} {'abcdef'[row.item]} {row.model} {row.score:g}"
        for row in rows.itertuples(index=False)
    ]


def test_a_list_is_made_by_the_model_that_was_chosen_and_filled_by_the_hybrid():
    als = [[0.5, 0, -0.25, 0, 0.75, 0], [0, 2, 0, 0, 0, 0]]
    # e was never sold, and 0 or less says nothing
    assert made_by("als", als=als) == [
        *["ann a als 0.5", "ann d hybrid 0.2", "ann b hybrid 0.1"],
        *["ben b als 2", "ben d hybrid 0.2"],
    ]
    by_the_hybrid = [f"{name} {row}" for name in ("ann", "ben") for row in ("d hybrid 0.2", "b hybrid 0.1")]
    assert made_by("hybrid", als=als) == by_the_hybrid
    assert made_by("ease", als=als) == by_the_hybrid  # was not fitted


def test_the_chosen_model_keeps_to_what_the_list_may_hold():
    als = [[0.5, 0.25, 0.25, 0.5, 0.5, 0], [0.5, 0.25, 0.25, 0.5, 0.5, 0]]
    assert made_by("als", "discover", als=als) == ["ann c als 0.25", "ben a als 0.5", "ben b als 0.25"]
    goes_with = [[0, 0.5, 1, 1, 0, 0], [1, 0, 0, 1, 0, 0]]
    assert made_by("als", "push", als=als, goes_with=goes_with) == [
        *["ann b als 0.25", "ann c als 0.25"],
        "ben a als 0.5",
    ]


def test_lists_are_of_the_schema(two_shops: pd.DataFrame, lists: pd.DataFrame):
    for known in shops_of(two_shops).values():
        for table in tables_of(known):
            assert table.schema == SCHEMA
            table.validate(full=True)
            assert not any(table[field.name].null_count for field in SCHEMA if not field.nullable)
    assert len(lists) > 1_000
    assert_frame_equal(lists, lists.sort_values([*KEY, "rank"], ignore_index=True))
    assert {"discover", "again", "next", "online_offers", "push"} <= set(lists["list_name"]) <= set(OFFER)


@pytest.mark.slow
def test_lists_of_batches_are_those_of_all_customers(
    lists: pd.DataFrame, two_shops: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hybrid, "CELLS", 1)
    known = shops_of(two_shops)["mall"]
    tables = tables_of(known)
    assert len(tables) == 2  # of 16 customers each
    codes = [table["customer_code"].to_numpy() for table in tables]
    assert codes[0].max() < codes[1].min()
    assert_frame_equal(
        made(two_shops[two_shops["retailer"] == "mall"]),
        lists[lists["retailer"] == "mall"].reset_index(drop=True),
    )


def test_ranks_have_no_holes_and_no_list_is_longer_than_asked(lists: pd.DataFrame):
    assert (lists["rank"] == lists.groupby(KEY).cumcount() + 1).all()
    assert lists["rank"].max() == 5
    assert not lists.duplicated([*KEY, "item_id"]).any()


def test_scores_fall_from_rank_to_rank(lists: pd.DataFrame):
    by_score = lists[~lists["list_name"].isin([offer.name for offer in OFFERS if offer.by_preference])]
    assert (by_score.groupby(KEY)["score"].diff().dropna() <= 0).all()
    assert (lists["score"] > 0).all()


def test_discover_never_holds_what_was_bought_and_again_nothing_else(
    lists: pd.DataFrame, two_shops: pd.DataFrame
):
    bought = two_shops[["retailer", "customer_id", "item_id"]].drop_duplicates().assign(bought=True)
    known = lists.merge(bought, how="left", on=["retailer", "customer_id", "item_id"])
    share = known["bought"].notna().groupby(known["list_name"]).mean()
    assert share["discover"] == 0
    assert share["again"] == 1
    assert 0 < share["next"] < 1


def test_every_customer_gets_something_new_and_the_next(lists: pd.DataFrame, two_shops: pd.DataFrame):
    everybody = set(two_shops["customer_id"])
    assert "tea-once" in everybody
    for retailer in ("mall", "kiosk"):
        for name in ("discover", "next"):
            of_list = lists[(lists["retailer"] == retailer) & (lists["list_name"] == name)]
            assert set(of_list["customer_id"]) == everybody


def test_online_offers_and_push_are_for_some(lists: pd.DataFrame, two_shops: pd.DataFrame):
    mall = two_shops[two_shops["retailer"] == "mall"]
    online = mall[mall["channel"] == "online"]
    told = lists[(lists["retailer"] == "mall") & (lists["list_name"] == "online_offers")]
    assert set(told["customer_id"]) == set(mall["customer_id"]) - set(online["customer_id"])
    assert set(told["item_id"]) <= set(online["item_id"])
    today = mall[mall["ordered_at"].dt.normalize() == mall["ordered_at"].max().normalize()]
    pushed = lists[(lists["retailer"] == "mall") & (lists["list_name"] == "push")]
    assert set(pushed["customer_id"]) == set(today["customer_id"]) == {"toy-last"}
    assert not set(pushed["item_id"]) & set(today["item_id"])


@pytest.fixture(scope="module")
def chosen(two_shops: pd.DataFrame) -> pd.DataFrame:
    """Return lists of which two are made by single models, one of them under a rule."""
    return made(
        two_shops,
        rules(("mall", "next", "never_product", TEA[0])),
        [
            ("mall", "next", "own_frequency"),
            ("kiosk", "discover", "popularity"),
            ("gone", "next", "popularity"),
        ],
    )


def test_only_the_lists_of_the_chosen_models_change(lists: pd.DataFrame, chosen: pd.DataFrame):
    def others(made: pd.DataFrame) -> pd.DataFrame:
        ours = (made["retailer"] + " " + made["list_name"]).isin(["mall next", "kiosk discover"])
        return made[~ours].reset_index(drop=True)

    assert_frame_equal(others(chosen), others(lists))
    counted = chosen.groupby(KEY).size().reset_index(name="rows")
    assert_frame_equal(counted, lists.groupby(KEY).size().reset_index(name="rows"))  # as long as before
    assert (chosen["rank"] == chosen.groupby(KEY).cumcount() + 1).all()
    assert not chosen.duplicated([*KEY, "item_id"]).any()


def test_a_chosen_model_ranks_on_its_own_scale(chosen: pd.DataFrame, two_shops: pd.DataFrame):
    found = chosen[(chosen["retailer"] == "mall") & (chosen["list_name"] == "next")]
    counts = two_shops.groupby([*KEY[:2], "item_id"])["order_id"].nunique().rename("counted")
    known = found.merge(counts, how="left", on=[*KEY[:2], "item_id"])
    own = known["model"] == "own_frequency"
    assert (known.loc[own, "score"] == known.loc[own, "counted"]).all()
    assert known["orders"].fillna(0).tolist() == known["counted"].fillna(0).tolist()
    assert set(known.loc[~own, "model"]) == {"hybrid"}  # for whoever bought fewer things than a list holds
    assert (found.groupby([*KEY, "model"])["score"].diff().dropna() <= 0).all()
    assert TEA[0] not in set(found["item_id"])


def test_what_everybody_buys_says_so(chosen: pd.DataFrame):
    found = chosen[(chosen["retailer"] == "kiosk") & (chosen["list_name"] == "discover")]
    assert set(found["model"]) == {"popularity"}
    assert set(found["rests_on"]) == {"popularity"}
    assert found["neighbour_1"].isna().all()


def test_a_ranker_finds_the_tastes(lists: pd.DataFrame):
    found = lists[(lists["retailer"] == "mall") & lists["list_name"].isin(["discover", "next"])]
    assert (found["model"] == "hybrid").all()
    is_own = found["customer_id"].str[:3] == found["item_id"].str[:3]
    assert is_own[found["list_name"] == "next"].mean() > 0.9
    assert is_own[(found["list_name"] == "discover") & (found["rank"] <= 3)].mean() > 0.8


def test_too_short_a_history_gives_lists_by_rank_fusion(lists: pd.DataFrame):
    assert lists.groupby("retailer")["model"].unique().str.join(" ").to_dict() == {
        "kiosk": "rank_fusion",
        "mall": "hybrid",
    }


def test_only_again_has_expected_dates(lists: pd.DataFrame):
    assert lists.loc[lists["list_name"] == "again", ["expected_on", "interval_days"]].notna().all(axis=None)
    others = lists[lists["list_name"].isin(["discover", "next", "online_offers", "push"])]
    assert others[["expected_on", "interval_days"]].isna().all(axis=None)
    dated = lists["list_name"] == "again"
    last = START + pd.Timedelta(days=83, hours=10)
    due = pd.to_datetime(lists.loc[(lists["retailer"] == "mall") & dated, "expected_on"])
    assert (due <= last + pd.Timedelta(days=14)).all()
    assert (due > last).any()


def test_another_retailer_and_the_order_of_the_rows_change_nothing(
    lists: pd.DataFrame, two_shops: pd.DataFrame
):
    alone = two_shops[two_shops["retailer"] == "mall"].sample(frac=1, random_state=1)
    assert_frame_equal(made(alone), lists[lists["retailer"] == "mall"].reset_index(drop=True))


def test_the_same_seed_gives_the_same_lists(lists: pd.DataFrame, kiosk: pd.DataFrame):
    again = made(kiosk)
    assert_frame_equal(again, made(kiosk))
    assert_frame_equal(again, lists[lists["retailer"] == "kiosk"].reset_index(drop=True))


def test_a_shorter_list_is_the_beginning_of_a_longer_one(kiosk: pd.DataFrame):
    short, long = (
        frame[frame["list_name"] != "online_offers"].reset_index(drop=True)  # what is shown is put in order
        for frame in (made(kiosk, length=length) for length in (2, 9))
    )
    assert short["rank"].max() == 2
    assert long["rank"].max() == 9
    assert_frame_equal(short, long[long["rank"] <= 2].reset_index(drop=True))


def test_rules_apply_to_their_retailer_and_list(kiosk: pd.DataFrame):
    given = rules(
        ("kiosk", "next", "never_product", "toy-00-big"),
        ("kiosk", "discover", "at_most_per_category", "1"),
        ("mall", "discover", "never_category", "tea"),
    )
    without, ruled = made(kiosk), made(kiosk, given)

    def of(frame: pd.DataFrame, name: str) -> pd.DataFrame:
        return frame[frame["list_name"] == name].reset_index(drop=True)

    assert "toy-00" in set(of(without, "next")["item_id"])
    assert "toy-00" not in set(of(ruled, "next")["item_id"])
    assert "toy-00" in set(of(ruled, "discover")["item_id"])
    categories = of(ruled, "discover")["item_id"].str[:3]
    assert not of(ruled, "discover").assign(category=categories).duplicated(["customer_id", "category"]).any()
    assert set(categories) == {"odd", "tea", "toy"}
    for name in ("again", "online_offers", "push"):
        assert_frame_equal(of(ruled, name), of(without, name))
    assert (ruled["rank"] == ruled.groupby(KEY).cumcount() + 1).all()


def test_rules_that_do_nothing_are_told(kiosk: pd.DataFrame, capsys: pytest.CaptureFixture[str]):
    given = rules(
        ("kiosk", "push", "never_category", "tee"),
        ("kiosk", "next", "never_product", "toy-00"),
        ("mall", "next", "never_category", "Coffee"),
    )
    made(kiosk, given)
    assert capsys.readouterr().out.splitlines() == [
        "recommendations: kiosk: 13 days of purchases are too few to know a season by: "
        "the list season needs 395",
        "recommendations: kiosk: kiosk, list push: never_category 'tee' does nothing: "
        "no item has this category: did you mean 'tea'?",
        "recommendations: kiosk: lists for 32 customers",
    ]


def test_long_work_tells_how_far_it_is(
    kiosk: pd.DataFrame, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lists_module, "TOLD", 10)
    monkeypatch.setattr(hybrid, "CELLS", 1)  # 16 customers a batch
    made(kiosk)
    told = [line for line in capsys.readouterr().out.splitlines() if "lists" in line and "season" not in line]
    assert told == [
        "recommendations: kiosk: lists for 32 customers",
        "recommendations: kiosk: the lists of 16 customers are under way",
    ]


def test_a_part_elsewhere_makes_the_same_lists(two_shops: pd.DataFrame):
    choices = [("mall", "discover", "als"), ("mall", "next", "goes_with"), ("mall", "again", "tifuknn")]
    never_toys = rules(("mall", "next", "never_category", "toy"))
    for known in shops_of(two_shops).values():
        lists = lists_of(known, never_toys, choices)
        common = Common(lists.part(np.zeros(0, dtype=np.int64)))
        for customers in (np.array([3]), np.arange(0, known.customers, 2), np.arange(known.customers)):
            part = unpacked(common.packed(lists.part(customers)), common.content())
            assert part.moment.history.shape[0] == len(customers)
            assert part(np.arange(len(customers))).equals(lists(customers))


def test_a_retailer_where_nobody_came_back_gets_lists():
    given = [(f"c{number:02}", number + 0.5, "abcdef"[number % 5 :][:2]) for number in range(40)]
    known = coded(orders(*given), catalogue("abcdef"))
    (lists,) = tables_of(known, length=3, days=7)
    assert lists["customer_code"].unique().to_pylist() == list(range(40))
    assert lists["model"].unique().to_pylist() == ["rank_fusion"]


def test_lists_are_made_without_the_model_that_push_weighs_by(kiosk: pd.DataFrame):
    lists = made(kiosk, models=["ease"])
    assert {"discover", "next"} <= set(lists["list_name"])


# ---- preferences


def test_what_is_shown_is_put_in_the_order_that_the_group_prefers():
    items = np.array([[4, 2, 0, 3, 1], [1, 3, -1, -1, -1], [-1, -1, -1, -1, -1]])
    ranks = np.array([[2, 9, 1, 1, 2], [1, 1, 1, NOWHERE, 1], [1, 2, 3, 4, 5]])
    # of the first four items 2 and 3 are preferred, of equal ones the better is first; 1 is not shown
    assert in_preferred_order(items, ranks, 4).tolist() == [
        [2, 3, 4, 0, 1],
        [1, 3, -1, -1, -1],
        [-1, -1, -1, -1, -1],
    ]
    assert in_preferred_order(items, ranks, 2).tolist()[0] == [2, 4, 0, 3, 1]
    assert in_preferred_order(items, ranks, 9).tolist()[0] == [2, 3, 4, 0, 1]
    swapped = in_preferred_order(items[:1, [3, 1, 2, 0, 4]], ranks[:1], 4)
    assert swapped.tolist() == [[3, 2, 0, 4, 1]]


def test_nothing_unpreferred_comes_before_nothing_at_all():
    shown = in_preferred_order(np.array([[2, -1, -1]]), np.array([[1, 1, NOWHERE]]), 3)
    assert shown.tolist() == [[2, -1, -1]]


def test_preferences_of_the_marts(two_shops: pd.DataFrame):
    known = shops_of(two_shops)["mall"]
    palette = pd.DataFrame({"customer_code": [3, 0, 1], "palette_group": ["red", "blue", "red"]})
    told = [("red", "toy", 1), ("red", "tea", 2), ("blue", "tea", 1), ("blue", "ink", 2), ("blue", "odd", 3)]
    names = ["palette_group", "super_category", "preference_rank"]
    preferences = Preferences.of(History(known), palette, pd.DataFrame(told, columns=names))
    ranks = preferences.ranks(np.array([0, 1, 2, 3]))
    ids = known.items["item_id"].to_numpy(dtype=object)
    found = {ids[item]: ranks[:, item].tolist() for item in range(len(ids))}
    # what a group has no word of is last, and all is for whoever is of no group; no item is ink
    assert found["tea-03"] == [1, 2, NOWHERE, 2]
    assert found["toy-19"] == [NOWHERE, 1, NOWHERE, 1]
    assert found["odd-00"] == [3, NOWHERE, NOWHERE, NOWHERE]


def test_without_groups_there_are_no_preferences(two_shops: pd.DataFrame):
    history = History(shops_of(two_shops)["kiosk"])
    palette = pd.DataFrame(
        {"customer_code": np.zeros(0, dtype=int), "palette_group": np.zeros(0, dtype=object)}
    )
    told = pd.DataFrame({"palette_group": ["red"], "super_category": ["tea"], "preference_rank": [1]}).head(0)
    for preferences in (Preferences.of(history, palette, told), Preferences.at(Moment(history, {}))):
        ranks = preferences.ranks(np.array([4, 0]))
        assert ranks.shape == (2, history.shape[1])
        assert (ranks == NOWHERE).all()
        assert in_preferred_order(np.array([[3, 1], [2, 0]]), ranks, 2).tolist() == [[3, 1], [2, 0]]


def test_preferences_at_a_moment_are_of_what_its_groups_bought(monkeypatch: pytest.MonkeyPatch):
    # a and b, c and d, e and f are of three super-categories; of the groups the test says who is in which
    items = catalogue("abcdef").assign(super_category=["ab", "ab", "cd", "cd", "ef", "ef"])
    given = [
        ("ann", 1.5, "abc"),
        ("ben", 2.5, "cde"),
        ("cat", 3.5, "c"),
        ("dan", 4.5, "ab"),
        ("eve", 9.5, "e"),
    ]
    history = History(coded(orders(*given), items), days_back=4)
    model = GroupPopularity("palette_popularity", "palette").fit(history)
    monkeypatch.setattr(model, "groups", lambda _: (np.array([0, 1, 1, 0, -1]), 3))
    preferences = Preferences.at(Moment(history, {"palette_popularity": model}))
    # shares of ann 2/3 ab and 1/3 cd, dan all ab; ben 2/3 cd and 1/3 ef, cat all cd; eve was not there yet
    assert preferences.ranks(np.arange(5)).tolist() == [
        [1, 1, 2, 2, 3, 3],
        [3, 3, 1, 1, 2, 2],
        [3, 3, 1, 1, 2, 2],
        [1, 1, 2, 2, 3, 3],
        [NOWHERE] * 6,
    ]


def test_lists_by_preference_are_shown_in_its_order(lists: pd.DataFrame):
    found = lists[(lists["retailer"] == "mall") & (lists["list_name"] == "online_offers")]
    assert len(found["customer_id"].unique()) > 5
    of_items, of_customers = found["item_id"].str[:3], found["customer_id"].str[:3]
    ranks = np.where(of_items == "odd", 3, np.where(of_items == of_customers, 2, 1))
    rows = found.assign(preferred=ranks)
    assert (rows.groupby("customer_id")["preferred"].diff().dropna() >= 0).all()
    assert (rows.groupby(["customer_id", "preferred"])["score"].diff().dropna() <= 0).all()
    assert rows.groupby("customer_id")["preferred"].nunique().max() > 1
    # the best were chosen before they were put in order
    assert (rows.groupby("customer_id")["score"].diff().dropna() > 0).any()
