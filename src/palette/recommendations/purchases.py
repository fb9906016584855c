"""A retailer's purchases, customers, items and orders as codes.

Customers and items are positions (codes) in the retailer's sorted ids; they are the same at every moment,
which makes the histories of two moments comparable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from palette.baskets.rules import Thresholds

if TYPE_CHECKING:
    from palette.recommendations.bundles import Sets

from palette.recommendations.codes import Codes

DAY = 86_400  # seconds


class Clusters(NamedTuple):
    """How many groups customers are put into, by R, F and M, by behaviour and by taste."""

    rfm: int = 4
    behaviour: int = 4
    consumption: int = 3


PUBLISHED = Clusters()


@dataclass(frozen=True)
class Purchases:
    """All purchases of a retailer, customers, items and orders as codes.

    Attributes
    ----------
    retailer
        Its key.
    customers
        How many customers there are: their codes are 0 and up.
    items
        One row an item, its position the code: ``category``, ``super_category`` and what the rules look at.
    lines
        One row an order and item, by ``time``: ``customer``, ``item``, ``order`` (codes), ``time`` (seconds,
        0 or less, of the last purchase), ``units``, ``amount`` (the retailer's currency), ``order_lines``
        (how many lines of the mart it stands for), ``online`` and ``day_off`` (on a weekend or holiday).
    end
        Time of the last purchase.
    recency_unit
        ``calendar_days``, or ``elapsed_days`` of 24 hours.
    clusters
        How many groups of customers there are.
    audiences
        For which RFM scores (100 R + 10 F + M, from and to) a list is meant, by its name.
    thresholds
        What makes a basket rule.
    sets
        Those of the rules that hold now; without them they are mined as those of the past are.
    money_back
        One row a return whose money scores take off, by ``time`` as in ``lines``: ``customer``, ``time``,
        ``amount``; none where scores look at gross money.
    part_of
        Codes that the customers have among all of the retailer's, where these are some of them; None: all.
    """

    retailer: str
    customers: int
    items: pd.DataFrame
    lines: pd.DataFrame
    end: pd.Timestamp
    recency_unit: str = "elapsed_days"
    clusters: Clusters = PUBLISHED
    audiences: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    sets: "Sets | None" = None
    money_back: pd.DataFrame = field(default_factory=lambda: _money_back(None, 0))
    part_of: Codes | None = None

    def part(self, customers: Codes) -> Self:
        """Return the purchases of some customers (codes, ascending), who are 0 and up there."""
        changed: dict[str, Any] = {
            "customers": len(customers),
            "lines": self._lines_by_customer.rows(customers),
            "money_back": self._money_back_by_customer.rows(customers),
            "sets": self.sets[customers] if self.sets else None,
            "part_of": customers,
        }
        # An order is a number, and there are fewer.
        numbers = np.unique(changed["lines"]["order"], return_inverse=True)[1]
        changed["lines"] = changed["lines"].assign(order=numbers.astype(np.int32))
        return replace(self, **changed)

    def code_of(self, customer: Codes) -> Codes:
        """Return the codes that customers have among all of the retailer's."""
        return customer if self.part_of is None else self.part_of[customer]

    @cached_property
    def _lines_by_customer(self) -> "_ByCustomer":
        return _ByCustomer(self.lines, self.customers)

    @cached_property
    def _money_back_by_customer(self) -> "_ByCustomer":
        return _ByCustomer(self.money_back, self.customers)

    @property
    def span(self) -> float:
        """Days between the first purchase and the last."""
        return -float(self.lines["time"].min()) / DAY


class _ByCustomer:
    """Where the rows of each customer are, in a table that is in another order."""

    def __init__(self, table: pd.DataFrame, customers: int) -> None:
        self.table = table
        customer = table["customer"].to_numpy()
        self.order = np.argsort(customer, kind="stable")
        self.starts = np.searchsorted(customer[self.order], np.arange(customers + 1))

    def rows(self, customers: Codes) -> pd.DataFrame:
        """Return the rows of some customers in the table's order, and for their codes their places."""
        counts = self.starts[customers + 1] - self.starts[customers]
        first = np.repeat(self.starts[customers] - (np.cumsum(counts) - counts), counts)
        at = np.sort(self.order[first + np.arange(counts.sum())])
        rows = self.table.iloc[at].reset_index(drop=True)
        code = rows["customer"].to_numpy()
        return rows.assign(customer=np.searchsorted(customers, code).astype(code.dtype))


def purchases_of(
    retailer: str,
    purchases: pa.Table,
    items: pd.DataFrame,
    *,
    recency_unit: str = "elapsed_days",
    clusters: Clusters = PUBLISHED,
    audiences: Mapping[str, tuple[tuple[int, int], ...]] | None = None,
    thresholds: Thresholds | None = None,
    money_back: pa.Table | None = None,
) -> Purchases:
    """Put a retailer's purchases in order.

    Parameters
    ----------
    retailer
        Key of the retailer.
    purchases
        The retailer's, one row an order and item: ``customer_code``, ``order_code``, ``item_code``,
        ``ordered_at`` (seconds since 1970), ``units``, ``amount``, ``order_lines``, ``is_online`` and
        ``is_day_off``: numbers alone. At least one row.
    items
        The retailer's, one row an item: ``item_code`` (0 and up) and the columns of :class:`Purchases`.
    recency_unit, clusters, audiences, thresholds
        See :class:`Purchases`.
    money_back
        The retailer's returns whose money counts: ``customer_code``, ``returned_at`` (seconds since 1970) and
        ``amount``; None for no such.

    Returns
    -------
    Purchases
        The same whatever the order of the rows.
    """
    time = purchases["ordered_at"].to_numpy().astype(np.int64)
    end = int(time.max())
    customer, item, given = (
        purchases[f"{name}_code"].to_numpy().astype(np.int64) for name in ("customer", "item", "order")
    )
    orders = _numbered(customer, given)
    order = np.lexsort((item, orders, time))
    lines = pd.DataFrame(
        {
            "customer": customer.astype(np.int32)[order],
            "item": item.astype(np.int32)[order],
            "order": orders.astype(np.int32)[order],
            "time": (time - end)[order],
            "units": purchases["units"].to_numpy().astype(np.float64)[order],
            "amount": purchases["amount"].to_numpy().astype(np.float64)[order],
            "order_lines": purchases["order_lines"].to_numpy().astype(np.int32)[order],
            "online": purchases["is_online"].to_numpy().astype(bool)[order],
            "day_off": purchases["is_day_off"].to_numpy().astype(bool)[order],
        }
    )
    return Purchases(
        retailer,
        int(customer.max()) + 1,
        items.sort_values("item_code", ignore_index=True),
        lines,
        pd.Timestamp(end, unit="s"),
        recency_unit,
        clusters,
        audiences or {},
        thresholds or Thresholds(),
        money_back=_money_back(money_back, end),
    )


def _money_back(returns: pa.Table | None, end: int) -> pd.DataFrame:
    """Return what was given back, with times as those of the lines."""
    columns = {"customer_code": np.int64, "returned_at": np.int64, "amount": np.float64}
    given = {
        name: np.zeros(0, kind) if returns is None else returns[name].to_numpy().astype(kind)
        for name, kind in columns.items()
    }
    back = pd.DataFrame(
        {
            "customer": given["customer_code"],
            "time": given["returned_at"] - end,
            "amount": given["amount"],
        }
    )
    return back.sort_values(["time", "customer", "amount"], ignore_index=True)


def _numbered(customer: Codes, order: Codes) -> Codes:
    """Give each order of each customer a number: an order of two customers is two orders."""
    by_both = np.lexsort((order, customer))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(customer[by_both]) != 0) | (np.diff(order[by_both]) != 0)
    numbered = np.empty(len(order), dtype=np.int64)
    numbered[by_both] = np.cumsum(new) - 1
    return numbered
