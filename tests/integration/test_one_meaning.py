"""What a recommender knows of a customer or an item is what the marts say of them: one meaning, two tools."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sandboxes import UNTESTED, Sandbox

from palette.core.settings import Settings
from palette.core.warehouses import open_warehouse
from palette.recommendations.history import History
from palette.recommendations.offers import OFFERS
from palette.recommendations.relations import read_purchases

pytestmark = pytest.mark.parametrize("built", ["omnichannel", "real", "net"])


@pytest.fixture(scope="session")
def net(demo_data: Path, shared: Callable[[str, Callable[[Path], object]], Path]) -> Sandbox:
    """The small demo shop, whose scores look at money net of returns."""

    def declare(folder: Path) -> None:
        shutil.copytree(demo_data / "online_retail", folder / "online_retail")
        (folder / "online_retail" / "retailer.yml").write_text("form: online_retail\nmoney: net\n")

    data = shared("net data", declare)
    marts = ("customer_features", "int_item_facts", "int_item_purchases", "int_money_back", "strategy_lists")

    def build(folder: Path) -> None:
        Sandbox(folder, data).build("--select", *(f"+{mart}" for mart in marts), *UNTESTED)

    return Sandbox(shared("net", build), data)


@pytest.fixture
def shops(built: str, request: pytest.FixtureRequest) -> list[tuple[History, pd.DataFrame, pd.DataFrame]]:
    """Each retailer's history at the present, its customers and its items in the order of their codes."""
    warehouse = request.getfixturevalue(built)
    with open_warehouse(warehouse.warehouse) as connection:
        read = read_purchases(
            connection.table("intermediate.int_item_purchases"),
            connection.table("intermediate.int_items"),
            connection.table("intermediate.int_money_back"),
            connection.table("main.retailers"),
            connection.table("seeds.rfm_segments"),
            connection.table("seeds.strategy_lists"),
            Settings(),
        )
        histories = [History(known) for known in read]
    assert histories
    found = []
    for history in histories:
        own = f"retailer = '{history.purchases.retailer}'"
        customers = warehouse.query(f"""
            select customer_rfm.*, customer_features.* exclude (recency_days, frequency, monetary),
                customer_code, lines.is_offline_only
            from intermediate.int_customer_codes
            join customer_rfm using (retailer, customer_id)
            join customer_features using (retailer, customer_id)
            join (
                select retailer, customer_id, bool_and(channel = 'offline') as is_offline_only
                from order_lines group by all
            ) as lines using (retailer, customer_id)
            where {own} order by customer_code
        """)
        items = warehouse.query(f"""
            from intermediate.int_items join intermediate.int_item_facts using (retailer, item_code)
            where {own} order by item_code
        """)
        assert_array_equal(customers["customer_code"], np.arange(history.shape[0]))
        assert_array_equal(items["item_code"], np.arange(history.shape[1]))
        found.append((history, customers, items))
    return found


def test_recency_frequency_and_monetary_are_those_of_customer_rfm(shops):
    for history, customers, _ in shops:
        assert_array_equal(history.recency, customers["recency_days"])
        assert_array_equal(history.frequency, customers["frequency"])
        assert_array_equal(history.monetary, customers["monetary"].astype(float))
        assert_array_equal(history.scores, customers[["r_score", "f_score", "m_score"]])


def test_net_money_is_less_than_gross_where_something_was_given_back(built, request):
    customers = request.getfixturevalue(built).query("""
        select
            returned_revenue > 0 as gave_back,
            monetary = net_revenue as is_net,
            monetary = revenue as is_gross
        from customers join customer_rfm using (retailer, customer_id)
    """)
    gave_back = customers[customers["gave_back"]]
    assert len(gave_back)
    assert gave_back["is_net" if built == "net" else "is_gross"].all()
    assert not gave_back["is_gross" if built == "net" else "is_net"].any()


def test_times_are_those_of_customer_features_holidays_included(shops):
    for history, customers, _ in shops:
        for name, shares in history.times.items():
            assert_allclose(shares, customers[name].astype(float), atol=1e-9, err_msg=name)


def test_online_offers_are_for_who_only_bought_offline_and_of_what_sells_online(shops):
    (offer,) = (offer for offer in OFFERS if offer.name == "online_offers")
    for history, customers, items in shops:
        assert_array_equal(history.online, items["sells_online"].astype(bool))
        expected = customers["is_offline_only"].to_numpy(dtype=bool) & history.online.any()
        assert_array_equal(offer.customers(history), expected)


def test_buyers_are_those_of_the_items_facts(shops):
    for history, _, items in shops:
        assert_array_equal(history.buyers, items["buyers"])
        assert_array_equal(history.buyers_within(28), items["buyers_28_days"])
