"""What is known of some customers in a process of their own is what is known of them among all."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import issparse
from small_shops import Row, Shop

from palette.recommendations.history import History
from palette.recommendations.known import once_of_all

SOME = np.array([0, 3, 4, 7, 12])
CUSTOMERS, SEED = 15, 3
# Of lines, orders or learners, which a part has fewer of, or for fitting alone.
NOT_ASKED = {"line_customer", "orders_back", "learners", "learns", "baskets", "pairs", "words"}


@pytest.fixture(scope="module")
def shop(town: Callable[..., list[Row]], purchases: Callable[..., Shop]) -> Shop:
    rows = town(CUSTOMERS, 120, seed=SEED)
    channels = ({"channel": "online"}, {"units": 3})
    known = purchases([(*row, channels[place % 2]) for place, row in enumerate(rows)])
    back = pd.DataFrame({"customer": [3, 3, 5], "time": [-86_400 * 40, -5, -5], "amount": [1.5, 2.0, 9.0]})
    return replace(known, money_back=back, recency_unit="calendar_days")


@pytest.mark.parametrize("days_back", [0, 30])
def test_a_part_knows_what_the_whole_knows(shop: Shop, days_back: int) -> None:
    whole = History(shop, days_back, SEED)
    part = pickle.loads(pickle.dumps(History(shop, days_back, SEED).part(SOME)))
    customers, items = whole.shape
    assert part.shape == (len(SOME), items)
    assert customers != items
    names = {
        name
        for kind in History.__mro__
        for name, value in vars(kind).items()
        if isinstance(value, cached_property) and not name.startswith("_")
    }
    compared = {"of customers": set(), "of all": set()}
    for name in names - NOT_ASKED:
        here, there = getattr(whole, name), getattr(part, name)
        if isinstance(here, dict):
            here, there = np.stack(list(here.values()), axis=1), np.stack(list(there.values()), axis=1)
        is_of_customers = getattr(here, "shape", ())[:1] == (customers,)
        here = here[SOME] if is_of_customers else here
        if issparse(here):
            here, there = here.toarray(), there.toarray()
        if isinstance(here, tuple):
            (here, more), (there, more_there) = here, there
            assert more == more_there, name
        assert_array_equal(here, there, err_msg=name)
        compared["of customers" if is_of_customers else "of all"].add(name)
    assert compared["of customers"] >= {"bought", "recent", "scores", "monetary", "last_order", "times"}
    assert compared["of all"] >= {"buyers", "price", "usual_interval", "categories", "moment"}
    assert_array_equal(whole.orders_within(28)[SOME], part.orders_within(28))
    assert_array_equal(whole.window(14)[SOME].toarray(), part.window(14).toarray())
    place, item = np.nonzero(part.bought.toarray())
    assert_array_equal(whole.due_in(SOME[place], item), part.due_in(place, item))
    age = part.pairs.last_age[: len(place)]
    assert_array_equal(whole.orders_since(SOME[place], age), part.orders_since(place, age))


def test_a_part_of_purchases_knows_whose_they_are(shop: Shop) -> None:
    part = shop.part(SOME)
    assert part.customers == len(SOME)
    assert part.code_of(np.array([1, 4])).tolist() == [3, 12]
    assert shop.code_of(np.array([1, 4])).tolist() == [1, 4]
    own = shop.lines[shop.lines["customer"].isin(SOME)]
    assert part.lines["time"].tolist() == own["time"].tolist()
    assert SOME[part.lines["customer"]].tolist() == own["customer"].tolist()
    assert (
        part.lines.groupby("order").ngroups == own.groupby("order").ngroups == part.lines["order"].max() + 1
    )
    assert part.money_back["amount"].tolist() == [1.5, 2.0]
    assert shop.part(np.zeros(0, dtype=np.int64)).lines.empty


def test_what_is_of_everybody_cannot_be_worked_out_of_a_part(shop: Shop) -> None:
    @once_of_all
    def customers_of_all(history: History) -> int:
        return history.shape[0]

    with pytest.raises(LookupError, match="customers_of_all: of everybody"):
        customers_of_all(History(shop).part(SOME))
    whole = History(shop)
    assert customers_of_all(whole) == CUSTOMERS
    assert customers_of_all(whole.part(SOME)) == CUSTOMERS
