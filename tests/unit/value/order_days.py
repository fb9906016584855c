"""Small shops, written as rows of (customer code, day, spend)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from palette.value.moments import OrderDays, order_days_of

SEGMENTS = pd.read_csv(Path(__file__).parents[3] / "seeds" / "segments" / "rfm_segments.csv")
START = 15_000  # days since 1970

Row = tuple[int, int, float]
# Ann (0) orders every ten days, Ben (1) twice, Cat (2) once, Dan (3) on the last day alone.
SHOP: tuple[Row, ...] = (
    (0, 0, 10.0), (0, 10, 20.0), (0, 20, 30.0), (0, 30, 40.0), (1, 5, 7.0), (1, 29, 9.0), (2, 12, -3.0),
    (3, 40, 5.0),
)  # fmt: skip


def shop_of(rows: Sequence[Row], retailer: str = "shop") -> OrderDays:
    """Order days of rows; a day's order is at noon, of one line. A spend below 0 is given back, by 1 more."""
    customer, day, spend = zip(*rows, strict=True)
    days = np.array(day) + START
    return order_days_of(
        retailer,
        pa.table(
            {
                "customer_code": customer,
                "happened_on": days,
                "last_ordered_at": days * 86_400 + 43_200,
                "order_lines": np.ones(len(rows), dtype=np.int64),
                "orders": np.ones(len(rows), dtype=np.int64),
                "revenue": np.where(np.array(spend) < 0, 1.0, spend),
                "money_back": np.where(np.array(spend) < 0, 1.0 - np.array(spend), 0.0),
            }
        ),
    )


def town(customers: int = 400, days: int = 400, *, seed: int = 0) -> list[Row]:
    """Customers who order at rates of their own, some of whom leave: what BG/NBD is about."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for customer in range(customers):
        rate, leaving, usual = rng.gamma(1.2, 1 / 25), rng.beta(1, 6), rng.gamma(4, 10)
        day = rng.uniform(0, days * 0.7)
        while day < days:
            rows.append((customer, int(day), round(float(usual * rng.gamma(6, 1 / 6)), 2)))
            if rng.random() < leaving:
                break
            day += 1 + rng.exponential(1 / rate)
    rows.append((customers, days, 1.0))
    return list({(customer, day): (customer, day, spend) for customer, day, spend in rows}.values())
