"""Who leaves and who climbs is planted in the demo shop, and found again: with what precision and recall."""

from pathlib import Path

import pandas as pd
import pytest
from sandboxes import UNTESTED, Sandbox

from palette.demo import TRUTH, write_demo

STAYING = ("steady", "champions", "climbers")  # planted as customers to the last week or so
BEFORE = "2011-08-31"  # leavers buy as the steady do up to about ninety days before the last one


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The demo shop as it ships, its customers scored month by month and forecast."""
    data: Path = tmp_path_factory.mktemp("drifted")
    write_demo(data, ["online_retail"])
    place = Sandbox(tmp_path_factory.mktemp("built"), data, retailers="online_retail")
    marts = ("customer_priorities", "customer_rfm_history")
    return place.build(
        "--select", *(f"+{mart}" for mart in marts), "--vars", "{palette_backtest: false}", *UNTESTED
    )


@pytest.fixture(scope="module")
def planted(drifted: Sandbox) -> "pd.Series[str]":
    """What each customer was planted as."""
    truth = drifted.data / TRUTH / "online_retail" / "customers.csv"
    return pd.read_csv(truth, dtype=str).set_index("customer_id")["customer_type"]


def precision_and_recall(found: "pd.Series[bool]", true: "pd.Series[bool]") -> tuple[float, float]:
    return float(true[found].mean()), float(found[true].mean())


def test_regulars_who_left_are_the_ones_whose_silence_is_unusual(drifted, planted):
    customers = drifted.query("""
        select customer_id, silence = 'unusual' as is_found, purchase_probability
        from customer_priorities join customers using (retailer, customer_id) where orders >= 5
    """).set_index("customer_id")
    customers = customers.join(planted)
    customers = customers[customers["customer_type"].isin(["leavers", *STAYING])]
    left = customers["customer_type"] == "leavers"
    assert left.sum() > 15
    assert (~left).sum() > 80
    precision, recall = precision_and_recall(customers["is_found"], left)
    assert precision >= 0.8, precision
    assert recall >= 0.75, recall
    # whoever stays is more likely to order than nearly anybody who left
    ranks = customers["purchase_probability"].rank()
    pairs = left.sum() * (~left).sum()
    above = (ranks[~left].sum() - (~left).sum() * ((~left).sum() + 1) / 2) / pairs
    assert above >= 0.95, above


def test_who_left_fell_and_who_came_to_stay_rose(drifted, planted):
    places = "select rfm_segment, max(score_from) as place from seeds.rfm_segments group by rfm_segment"
    moves = drifted.query(f"""
        with places as ({places}), history as (from customer_rfm_history join places using (rfm_segment))
        select now.customer_id, now.place - before.place as steps
        from history as now join history as before using (retailer, customer_id)
        where before.month_end = '{BEFORE}' and now.month_end = (select max(month_end) from history)
    """).set_index("customer_id")
    known = moves.join(planted)
    known = known[known["customer_type"].isin(["leavers", "steady"])]
    precision, recall = precision_and_recall(known["steps"] < 0, known["customer_type"] == "leavers")
    assert precision >= 0.9, precision
    assert recall >= 0.8, recall

    newcomers = drifted.query(f"""
        select customer_id, rfm_segment in ('VIP', 'Loyal customer') as is_found
        from customer_rfm join customers using (retailer, customer_id)
        where first_ordered_at > '{BEFORE}' and orders >= 5
    """).set_index("customer_id")
    newcomers = newcomers.join(planted)
    precision, recall = precision_and_recall(
        newcomers["is_found"], newcomers["customer_type"].isin(["climbers", "steady", "champions"])
    )
    assert precision >= 0.85, precision
    assert recall >= 0.85, recall
