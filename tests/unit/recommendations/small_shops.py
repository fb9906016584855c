"""Small shops, written as rows of (customer, item, day)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from palette.recommendations.purchases import Purchases, purchases_of

SHOP = "shop"
START = pd.Timestamp("2024-01-01")  # a Monday

Row = tuple[str, str, float] | tuple[str, str, float, dict[str, object]]
Tables = tuple[pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Shop(Purchases):
    """Purchases of which a test knows whose they are: ``ids`` of the customers, by code."""

    ids: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))


def tables_of(rows: Sequence[Row], unsold: Sequence[str] = (), retailer: str = SHOP) -> Tables:
    """Purchases and items as the marts have them.

    A row is a customer, an item and the day since `START`, the time of day being its fraction; a dictionary
    may follow with other columns. Without it the customer's items of one time are one order, offline, of one
    unit at 1 each. An item's super-category is the part of its id before a hyphen. `unsold` items are in the
    catalogue only.
    """
    lines = []
    for customer, item, day, *more in rows:
        line = {
            "retailer": retailer,
            "customer_id": customer,
            "order_id": f"{customer} {day}",
            "item_id": item,
            "ordered_at": START + pd.Timedelta(seconds=round(day * 86_400)),
            "channel": "offline",
            "units": 1,
            "order_lines": 1,
        }
        line |= more[0] if more else {}
        lines.append({"amount": line["units"]} | line)
    purchases = pd.DataFrame(lines)
    ids = sorted({*purchases["item_id"], *unsold})
    online = set(purchases.loc[purchases["channel"] == "online", "item_id"])
    items = pd.DataFrame(
        {
            "retailer": retailer,
            "item_id": ids,
            "item_name": [item.upper() for item in ids],
            "product_id": ids,
            "category": [item.split("-")[0] for item in ids],
            "super_category": [item.split("-")[0] for item in ids],
            "product_ids": ids,
            "sells_online": [item in online for item in ids],
            "stock": 10,
            "margin": 0.5,
        }
    )
    return purchases, items


def coded(purchases: pd.DataFrame, items: pd.DataFrame, **given: object) -> Shop:
    """Purchases as the recommenders read them: ids of customers, items and orders become numbers, in order.

    What is not told of a purchase is one line of an order, and free on Saturdays and Sundays.
    """
    customer, ids = pd.factorize(purchases["customer_id"].astype(object), sort=True)
    order, _ = pd.factorize(purchases["order_id"].astype(object), sort=True)
    items = items.assign(item_code=items["item_id"].rank().astype(int) - 1)
    free = purchases["ordered_at"].dt.day_of_week >= 5
    coded = pa.table(
        {
            "customer_code": customer,
            "order_code": order,
            "item_code": purchases["item_id"].map(items.set_index("item_id")["item_code"]).to_numpy(),
            "ordered_at": (purchases["ordered_at"] - pd.Timestamp(0)) // pd.Timedelta(seconds=1),
            "units": purchases["units"].to_numpy(dtype=np.float64),
            "amount": purchases["amount"].to_numpy(dtype=np.float64),
            "order_lines": purchases.get("order_lines", pd.Series(1, index=purchases.index)),
            "is_online": (purchases["channel"] == "online").to_numpy(),
            "is_day_off": purchases.get("is_day_off", free).to_numpy(dtype=bool),
        }
    )
    known = purchases_of(str(purchases["retailer"].iloc[0]), coded, items, **given)
    return Shop(**{each.name: getattr(known, each.name) for each in fields(known)}, ids=ids.to_numpy())


def town_of(customers: int, days: int, *, items: int = 12, seed: int = 0) -> list[Row]:
    """Rows of customers with one of two tastes: nine of ten things they buy are of theirs.

    They come every week or two, and have two favourites each, in every other order. Of the taste's other
    items the first are bought more often. A customer's id begins with the taste: `tea-007`.
    """
    rng = np.random.default_rng(seed)
    popular = 1 / np.arange(1, items + 1)
    rows: list[Row] = []
    for number in range(customers):
        tastes = ("tea", "nut") if number % 2 else ("nut", "tea")
        favourites = rng.choice(items, 2, replace=False)
        day = rng.uniform(0, 20)
        while day < days:
            bought = {
                f"{tastes[int(rng.random() > 0.9)]}-{rng.choice(items, p=popular / popular.sum()):02}"
                for _ in range(rng.integers(1, 4))
            }
            bought |= {f"{tastes[0]}-{favourite:02}" for favourite in favourites if rng.random() < 0.5}
            rows += [(f"{tastes[0]}-{number:03}", item, day) for item in sorted(bought)]
            day += rng.uniform(5, 16)
    return rows
