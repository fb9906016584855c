"""dbt says which shop has not delivered, as docs/operations.md says."""

import datetime
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sandboxes import Sandbox

NOW = datetime.datetime.now(tz=datetime.UTC).replace(tzinfo=None, microsecond=0)


def deliver(data: Path, shop: str, last: datetime.datetime) -> None:
    """Write a shop whose last purchase was at a time, and another a year earlier."""
    (data / shop).mkdir(parents=True)
    lines = "".join(f"{at.isoformat(' ')},c,p,1,2.50\n" for at in (last, last - datetime.timedelta(365)))
    (data / shop / "sales.csv").write_text("ordered_at,customer_id,product_id,quantity,unit_price\n" + lines)
    (data / shop / "retailer.yml").write_text("form: orders\n")


@pytest.mark.parametrize(
    ("days", "silent_for", "status"),
    [
        ({"bakery": 1}, 1, "pass"),
        ({"bakery": 3}, 3, "warn"),
        ({"bakery": 1, "florist": 9, "grocer": 3}, 9, "warn"),
    ],
)
def test_the_shop_that_is_silent_for_longest_counts(sandbox: Sandbox, days, silent_for, status):
    data = sandbox.folder / "shops"
    for shop, ago in days.items():
        deliver(data, shop, NOW - datetime.timedelta(days=ago))
    run = replace(sandbox, data=data, retailers="").dbt("source", "freshness", artefacts=True)
    assert run.code == 0, run.output
    results = json.loads((sandbox.target / "sources.json").read_text())["results"]
    judged = {result["unique_id"].removeprefix("source.palette."): result for result in results}
    assert judged["orders.order_lines"]["status"] == status
    last = datetime.datetime.fromisoformat(judged["orders.order_lines"]["max_loaded_at"])
    assert last.replace(tzinfo=None) == NOW - datetime.timedelta(days=silent_for)
    without_a_shop = {"online_retail.invoice_lines", "lpoint.transactions"}
    assert {judged[name]["status"] for name in without_a_shop} == {"pass"}
    assert judged.keys() == {"orders.order_lines"} | without_a_shop
