from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from threadpoolctl import threadpool_limits

from palette.core.catalogue import model_names
from palette.core.tables import empty, typed
from palette.recommendations.history import History, purchases_of
from palette.recommendations.hybrid import Candidates, Moment, fit_moment, fit_ranker
from palette.recommendations.lists import (
    OFFERS,
    SCHEMA,
    Offer,
    best_items,
    learn,
    listed,
    ranked,
    recommendations,
    ruled_items,
    scores_of,
    training_moments,
)
from palette.recommendations.models import GoesWith

MODELS = model_names()

OFFER = {offer.name: offer for offer in OFFERS}
START = pd.Timestamp("2024-01-01")
DAYS = 7
KEY = ["retailer", "customer_id", "list_name"]
TEA = [f"tea-{number:02}" for number in range(20)]
TOYS = [f"toy-{number:02}" for number in range(20)]
ODDS = ["odd-00", "odd-01"]  # of a category that no group has a preference for
NO_RULES = pd.DataFrame(columns=["retailer", "list_name", "rule", "value"])


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Several threads that wait for each other on a busy computer take a hundred times as long."""
    with threadpool_limits(1):
        yield


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
    return History(purchases_of("mall", orders(*given), catalogue("abcdef")), days_back)


def on_offer(name: str, known: History, days: int = DAYS) -> dict[str, str]:
    """Return what each customer of a list may find on it."""
    offer = OFFER[name]
    customers = np.flatnonzero(offer.customers(known))
    allowed = offer.items(known, customers, days)
    ids = known.purchases.items["item_id"].to_numpy()
    assert allowed.shape == (len(customers), known.shape[1])
    return {
        str(known.purchases.customers[customer]): "".join(ids[row])
        for customer, row in zip(customers, allowed, strict=True)
    }


def ranking(offer: Offer, known: History, score: list[list[float]], **scores: list[list[float]]) -> list[str]:
    """Rank all items for all customers by the scores given: 'ann a 0.5' and, if bought, '3 days'."""
    customers = np.arange(known.shape[0])
    place, item = np.indices(known.shape).reshape(2, -1)
    components = {name: np.array(values, dtype=np.float32) for name, values in scores.items()}
    chosen = Candidates(customers, components, place, item)
    rows = ranked(offer, Moment(known, {}), chosen, np.array(score).ravel(), days=DAYS)
    assert rows.columns.tolist() == ["customer", "item", "score", "days_since_bought"]
    return [
        f"{known.purchases.customers[row.customer]} {'abcdef'[row.item]} {row.score:g}"
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


def made(
    purchases: pd.DataFrame,
    rules: pd.DataFrame = NO_RULES,
    choices: Sequence[tuple[str, str, str]] = (),
    **given: object,
) -> pd.DataFrame:
    retailers = purchases["retailer"].unique()
    items = pd.concat([catalogue([*ODDS, *TEA, *TOYS], retailer) for retailer in ("none", *retailers)])
    settings = {"length": 5, "days": 14, "seed": 0, "models": MODELS, "rules_enabled": True}
    chosen = pd.DataFrame(choices, columns=["retailer", "list_name", "model"])
    return recommendations(purchases, items, rules, chosen, **(settings | given))


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
    assert found.tolist() == [pytest.approx([0, 2 / np.sqrt(8), 1 / 2, 0, 0, 0])]
    everything = Candidates(np.array([1]), {"goes_with": found}, np.zeros(6, dtype=int), np.arange(6))
    rows = ranked(OFFER["push"], moment, everything, np.full(6, 0.5), days=DAYS)
    assert rows["item"].tolist() == [1, 2]
    assert rows["score"].tolist() == [0.5, 0.5]


def test_rules_see_the_items_as_they_were_known():
    known = history(("ann", 1.5, "ab"), ("ben", 2.5, "a"), ("cat", 9.5, "ab"), days_back=5)
    items = ruled_items(known)
    assert items["buyers"].tolist() == [2, 1, 0, 0, 0, 0]
    assert items["product_ids"].tolist()[:2] == [["a", "a-big"], ["b", "b-big"]]


@pytest.mark.parametrize("days_back", [0, 10, 20])
def test_a_ranker_learns_from_windows_that_end_by_its_moment(days_back: int):
    known = history(("ann", 1.5, "a"), ("ben", 61.5, "a")).purchases
    assert known.span == 60
    backs = training_moments(known, days_back, 10)
    assert backs == [back for back in (10, 20, 30, 40, 50) if days_back < back <= days_back + 30]
    assert all(back - 10 >= days_back for back in backs)


def test_a_ranker_learns_from_moments_with_a_window_of_purchases_before_them():
    known = history(("ann", 1.5, "a"), ("ben", 61.5, "a")).purchases
    assert training_moments(known, 40, 10) == [50]
    assert training_moments(known, 50, 10) == []
    assert training_moments(known, 0, 31) == []
    assert training_moments(known, 0, 30) == [30]


def test_learning_looks_at_the_whole_window_after_each_moment():
    known = purchases_of(
        "mall",
        orders(("ann", 1.5, "ab"), ("ann", 13.5, "c"), ("ann", 21.5, "a"), ("ben", 22.5, "a")),
        catalogue("abc"),
    )
    # Eleven days before the last purchase ann had bought a and b. In the ten days that followed she took a on
    # the last of them, and c, which had not been on sale.
    (window,) = learn(known, [11], days=10, seed=0, models=["popularity"])
    assert (window.customer.tolist(), window.item.tolist()) == ([0, 0], [0, 1])
    assert window.bought.tolist() == [True, False]


def test_without_a_ranker_the_fusion_ranks_and_is_named():
    known = purchases_of("mall", orders(("ann", 1.5, "ab"), ("ben", 2.5, "b")), catalogue("ab"))
    moment = fit_moment(known, 0, seed=0, models=["popularity"])
    chosen = Candidates(
        np.array([1]),
        {"recent_popularity": np.array([[1, 2]]), "goes_with": np.zeros((1, 2))},
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
    components = {name: np.array(values, dtype=np.float32) for name, values in scores.items()}
    place, item = np.array([0, 0, 1, 1]), np.array([1, 3, 1, 3])
    chosen = Candidates(np.arange(2), components, place, item)
    scored = np.array([0.1, 0.2, 0.1, 0.2]), "hybrid"
    rows = listed(OFFER[list_name], Moment(known, {}), chosen, scored, model, days=DAYS)
    return [
        f"{('ann', 'ben')[row.customer]} {'abcdef'[row.item]} {row.model} {row.score:g}"
        for row in rows.itertuples(index=False)
    ]


def test_a_list_is_made_by_the_model_that_was_chosen_and_filled_by_the_hybrid():
    als = [[0.5, 0, -0.25, 0, 0.75, 0], [0, 2, 0, 0, 0, 0]]  # e was never sold, and 0 says nothing
    assert made_by("als", als=als) == [
        *["ann a als 0.5", "ann c als -0.25", "ann d hybrid 0.2", "ann b hybrid 0.1"],
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


def test_the_best_are_listed_and_nothing_after_the_last():
    scores = np.full((4, 25), -np.inf, dtype=np.float32)
    scores[0, [7, 3, 11]] = [0.5, 0.9, 0.5]
    scores[1, :4] = [0, 2, 0, -1]  # no information is no item, a bad score is one
    scores[2] = np.arange(25)
    best = best_items(scores, 20)
    assert best.shape == (4, 20)
    assert best[0].tolist() == [3, 7, 11] + [-1] * 17
    assert [code for code in best[1] if code >= 0] == [1, 3]
    assert best[2].tolist() == list(range(24, 4, -1))
    assert best[3].tolist() == [-1] * 20
    assert best_items(scores[:, :2], 20).tolist() == [[-1, -1], [1, -1], [1, -1], [-1, -1]]


def test_lists_are_of_the_schema(lists: pd.DataFrame):
    assert typed(lists, SCHEMA).num_rows == len(lists) > 1_000
    assert lists.columns.tolist() == SCHEMA.names
    assert_frame_equal(lists, lists.sort_values([*KEY, "rank"], ignore_index=True))
    assert set(lists["list_name"]) == set(OFFER)


def test_ranks_have_no_holes_and_no_list_is_longer_than_asked(lists: pd.DataFrame):
    assert (lists["rank"] == lists.groupby(KEY).cumcount() + 1).all()
    assert lists["rank"].max() == 5
    assert not lists.duplicated([*KEY, "item_id"]).any()


def test_scores_fall_from_rank_to_rank(lists: pd.DataFrame):
    assert (lists.groupby(KEY)["score"].diff().dropna() <= 0).all()
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
    counts = two_shops.groupby([*KEY[:2], "item_id"])["order_id"].nunique().rename("orders")
    known = found.merge(counts, how="left", on=[*KEY[:2], "item_id"])
    own = known["model"] == "own_frequency"
    assert (known.loc[own, "score"] == known.loc[own, "orders"]).all()
    assert set(known.loc[~own, "model"]) == {"hybrid"}  # for whoever bought fewer things than a list holds
    assert (found.groupby([*KEY, "model"])["score"].diff().dropna() <= 0).all()
    assert TEA[0] not in set(found["item_id"])


def test_what_everybody_buys_says_so(chosen: pd.DataFrame):
    found = chosen[(chosen["retailer"] == "kiosk") & (chosen["list_name"] == "discover")]
    assert set(found["model"]) == {"popularity"}
    assert found["reason"].str.match("(New since .*, b|B)ought by [0-9]+ customers").all()


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
    dated = lists["expected_on"].notna()
    assert (dated == (lists["list_name"] == "again")).all()
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
    short, long = (made(kiosk, length=length) for length in (2, 9))
    assert short["rank"].max() == 2
    assert long["rank"].max() == 9
    assert_frame_equal(short, long[long["rank"] <= 2].reset_index(drop=True))


def test_rules_apply_to_their_retailer_and_list_if_they_are_enabled(kiosk: pd.DataFrame):
    given = rules(
        ("kiosk", "next", "never_product", "toy-00-big"),
        ("kiosk", "discover", "at_most_per_category", "1"),
        ("mall", "discover", "never_category", "tea"),
    )
    without, ruled, disabled = made(kiosk), made(kiosk, given), made(kiosk, given, rules_enabled=False)
    assert_frame_equal(disabled, without)

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


def test_wrong_rules_do_no_harm_where_rules_are_disabled(kiosk: pd.DataFrame):
    wrong = rules(("kiosk", "next", "never_prodct", "toy-00"))
    assert len(made(kiosk, wrong, rules_enabled=False))
    with pytest.raises(ValueError, match="never_prodct"):
        made(kiosk, wrong)


def test_rules_that_do_nothing_are_told(kiosk: pd.DataFrame, capsys: pytest.CaptureFixture[str]):
    given = rules(
        ("kiosk", "push", "never_category", "tee"),
        ("kiosk", "next", "never_product", "toy-00"),
        ("mall", "next", "never_category", "Coffee"),
    )
    made(kiosk, given)
    assert capsys.readouterr().out.splitlines() == [
        "recommendations: kiosk: kiosk, list push: never_category 'tee' does nothing: "
        "no item has this category: did you mean 'tea'?",
        "recommendations: kiosk: lists for 32 customers",
    ]


def test_no_purchases_give_no_lists():
    nothing = made(orders())
    assert_frame_equal(nothing, empty(SCHEMA))
    assert typed(nothing, SCHEMA).num_rows == 0


def test_a_retailer_where_nobody_came_back_gets_lists():
    given = [(f"c{number:02}", number + 0.5, "abcdef"[number % 5 :][:2]) for number in range(40)]
    lists = recommendations(
        orders(*given),
        catalogue("abcdef"),
        NO_RULES,
        pd.DataFrame(columns=["retailer", "list_name", "model"]),
        length=3,
        days=7,
        seed=0,
        models=MODELS,
        rules_enabled=True,
    )
    assert lists["customer_id"].nunique() == 40
    assert set(lists["model"]) == {"rank_fusion"}


def test_lists_are_made_without_the_model_that_push_weighs_by(kiosk: pd.DataFrame):
    lists = made(kiosk, models=["ease"])
    assert {"discover", "next"} <= set(lists["list_name"])
