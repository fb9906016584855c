"""The purchases of CDNOW that BG/NBD and Gamma-Gamma were published on, a file outside the project."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from outside import CDNOW, outside
from palette.value.moments import OrderDays, order_days_of


def summary(name: str) -> pd.DataFrame:
    """A customer a row, after 39 weeks."""
    return pd.read_csv(found(name))


def found(name: str) -> Path:
    return outside(CDNOW / name)


def sample() -> OrderDays:
    """The orders of 2,357 customers in 78 weeks."""
    names = ["id", "customer", "day", "cds", "spend"]
    lines = pd.read_csv(found("CDNOW_sample.txt"), sep=r"\s+", header=None, names=names)
    day = pd.to_datetime(lines["day"].astype(str))
    lines["day"] = (day - pd.Timestamp(0)).dt.days
    days = lines.groupby(["customer", "day"], as_index=False).agg(
        spend=("spend", "sum"), lines=("spend", "size")
    )
    return order_days_of(
        "cdnow",
        pa.table(
            {
                "customer_code": pd.factorize(days["customer"], sort=True)[0],
                "happened_on": days["day"],
                "last_ordered_at": days["day"].to_numpy(np.int64) * 86_400,
                "orders": np.ones(len(days), dtype=np.int64),
                "order_lines": days["lines"],
                "revenue": days["spend"],
                "money_back": np.zeros(len(days)),
            }
        ),
    )
