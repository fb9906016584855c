"""What customers had ordered by a moment, what that tells of each, and what they did in the time after it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from palette.recommendations.codes import Codes, Vector, sums
from palette.recommendations.history import recency_of, rfm_scores, segment_names

YEAR = 365
WEEK = 7.0  # the models count in weeks, as the studies that they are of
HORIZONS = (28, 90, YEAR)  # days ahead


class Back(NamedTuple):
    """Money that was given back: code of the customer, day, and how much."""

    customer: Codes
    day: Codes
    spend: Vector


@dataclass(frozen=True)
class OrderDays:
    """The days on which a retailer's customers ordered, by customer and day: orders of one day are one.

    Attributes
    ----------
    retailer
        Its key.
    customer
        Code of each row's customer, 0 and up.
    day
        0 = the day of the last order of all, earlier ones below.
    spend
        What the day's orders were worth.
    order_lines
        Number of lines.
    time
        Seconds since 1970 of the day's last order.
    end
        The last day, in days since 1970.
    back
        What was given back, on the day it was: ``customer``, ``day`` and ``spend``.
    recency_unit
        ``calendar_days``, or ``elapsed_days`` of 24 hours.
    money
        Whether the M score looks at ``net`` or ``gross`` money.
    """

    retailer: str
    customer: Codes
    day: Codes
    spend: Vector
    order_lines: Vector
    time: Codes
    end: int
    back: Back
    recency_unit: str = "elapsed_days"
    money: str = "gross"

    @cached_property
    def span(self) -> int:
        """Days between the first order and the last."""
        return -int(self.day.min())


def order_days_of(
    retailer: str, rows: pa.Table, *, recency_unit: str = "elapsed_days", money: str = "gross"
) -> OrderDays:
    """Put a retailer's order days in order.

    Parameters
    ----------
    retailer
        Key of the retailer.
    rows
        The retailer's rows of ``int_order_days``, at least one with an order: ``customer_code``,
        ``happened_on`` (days since 1970), ``last_ordered_at`` (seconds since 1970), ``orders``,
        ``order_lines``, ``revenue`` and ``money_back``.
    recency_unit, money
        See :class:`OrderDays`.

    Returns
    -------
    OrderDays
        The same whatever the order of the rows.
    """
    by_day = rows.sort_by([("customer_code", "ascending"), ("happened_on", "ascending")])
    ordered = by_day.filter(pc.greater(by_day["orders"], 0))
    returned = by_day.filter(pc.greater(by_day["money_back"], 0))
    end = int(pc.max(ordered["happened_on"]).as_py())
    return OrderDays(
        retailer,
        _column(ordered, "customer_code", np.int64),
        _column(ordered, "happened_on", np.int64) - end,
        _column(ordered, "revenue", np.float64),
        _column(ordered, "order_lines", np.float64),
        _column(ordered, "last_ordered_at", np.int64),
        end,
        Back(
            _column(returned, "customer_code", np.int64),
            _column(returned, "happened_on", np.int64) - end,
            _column(returned, "money_back", np.float64),
        ),
        recency_unit,
        money,
    )


def _column(rows: pa.Table, name: str, kind: type[np.generic]) -> NDArray[Any]:
    found: NDArray[Any] = rows[name].to_numpy().astype(kind)
    return found


@dataclass(frozen=True)
class Window:
    """What the customers of a moment did in the days after it.

    Attributes
    ----------
    orders
        Days with an order.
    spend
        What they were worth, less what was given back; may be below 0.
    first
        Days until the first of them; infinite without any.
    """

    orders: Vector
    spend: Vector
    first: Vector


class Moment:
    """What was known of a retailer's customers at the end of a day; looks at no later order.

    All arrays are in the order of ``customers``, who had ordered by then.

    Parameters
    ----------
    known
        All of the retailer's.
    days_back
        How many days before the last day of all the moment's day lies.
    """

    def __init__(self, known: OrderDays, days_back: int = 0) -> None:
        self.known, self.days_back = known, days_back
        self._before = np.flatnonzero(known.day <= -days_back)
        self.customers, first, code = np.unique(
            known.customer[self._before], return_index=True, return_inverse=True
        )
        self._first, self._code = self._before[first], code
        self._last = self._before[np.append(first[1:], len(code)) - 1]

    @property
    def size(self) -> int:
        """Number of customers who had ordered."""
        return len(self.customers)

    @property
    def history(self) -> int:
        """Days from the first order of all to the moment."""
        return self.known.span - self.days_back

    def _sums(self, values: Vector | None, rows: NDArray[np.bool_] | None = None) -> Vector:
        """Add up the known order days, or count them, of each customer: all, or some rows."""
        code = self._code if rows is None else self._code[rows]
        given = None if values is None else values[self._before]
        return sums(code, given if given is None or rows is None else given[rows], self.size)

    def _given_back(self, rows: NDArray[np.bool_]) -> Vector:
        """Add up what was given back to each customer on some of the days."""
        back = self.known.back
        chosen = np.flatnonzero(rows & np.isin(back.customer, self.customers))
        return sums(np.searchsorted(self.customers, back.customer[chosen]), back.spend[chosen], self.size)

    @cached_property
    def _back_by_now(self) -> NDArray[np.bool_]:
        """Which returns had happened: today all of them, some of which came after the last order."""
        day = self.known.back.day
        return day <= -self.days_back if self.days_back else np.ones(len(day), dtype=bool)

    @cached_property
    def age_of_rows(self) -> Codes:
        """Days from each known order day to the moment."""
        return -self.days_back - self.known.day[self._before]

    @cached_property
    def orders(self) -> Vector:
        """Days with an order."""
        return self._sums(None)

    @cached_property
    def x(self) -> Vector:
        """Days with a repeat order."""
        return self.orders - 1

    @cached_property
    def t_x(self) -> Vector:
        """Weeks from the first order to the last."""
        found: Vector = (self.known.day[self._last] - self.known.day[self._first]) / WEEK
        return found

    @cached_property
    def age(self) -> Vector:
        """Weeks from the first order to the moment."""
        found: Vector = (-self.days_back - self.known.day[self._first]) / WEEK
        return found

    @cached_property
    def silence(self) -> Vector:
        """Days since the last order."""
        found: Vector = (-self.days_back - self.known.day[self._last]).astype(np.float64)
        return found

    @cached_property
    def spend(self) -> Vector:
        """What all orders were worth, less what was given back by the moment.

        Rounded, as all sums of money, so that the order of the sum decides nothing.
        """
        return (self._sums(self.known.spend) - self._given_back(self._back_by_now)).round(6)

    @cached_property
    def mean_spend(self) -> Vector:
        """What an order day was worth, on average."""
        return self.spend / self.orders

    def within(self, first: float, days: float) -> tuple[Vector, Vector]:
        """Return order days and spend in the ``days`` days that begin ``first`` days ago.

        Of the moment's own last 28 days: ``within(28, 28)``.
        """
        rows = (self.age_of_rows < first) & (self.age_of_rows >= first - days)
        ago = -self.days_back - self.known.back.day
        back = self._given_back(self._back_by_now & (ago < first) & (ago >= first - days))
        return self._sums(None, rows), (self._sums(self.known.spend, rows) - back).round(6)

    @cached_property
    def scores(self) -> Codes:
        """R, F and M score of each customer at the moment, as in the mart `customer_rfm`."""
        time = self.known.time
        last = time[self._last]
        recency = recency_of(last.astype(np.float64), float(last.max()), self.known.recency_unit)
        monetary = self.spend if self.known.money == "net" else self._sums(self.known.spend).round(6)
        return rfm_scores(recency, self._sums(self.known.order_lines), monetary)

    def segments(self, segments: pd.DataFrame) -> NDArray[np.object_]:
        """Return each customer's RFM segment at the moment, of the rows of the seed `rfm_segments`."""
        return segment_names(self.scores @ np.array([100, 10, 1]), segments)

    @cached_property
    def first_spend(self) -> Vector:
        """What the first order day was worth."""
        found: Vector = self.known.spend[self._first]
        return found

    @cached_property
    def last_spend(self) -> Vector:
        """What the last order day was worth."""
        found: Vector = self.known.spend[self._last]
        return found

    @cached_property
    def repeat_spend(self) -> Vector:
        """What a repeat order day was worth, on average; 0 without any."""
        return np.where(self.x > 0, (self.spend - self.first_spend) / np.maximum(self.x, 1), 0.0)

    @cached_property
    def gaps(self) -> tuple[Codes, Vector, Vector, Vector]:
        """Days between an order day and the one before, of all that have one.

        Returns
        -------
        tuple of array
            Place of the customer, days, the number of the customer's gaps before it, and their days.
        """
        day = self.known.day[self._before]
        same = np.flatnonzero(np.diff(self._code) == 0) + 1
        start = self.known.day[self._first][self._code[same]]
        place = np.arange(len(day)) - np.searchsorted(self._code, self._code)
        days = (day[same] - day[same - 1]).astype(np.float64)
        before, since = place[same] - 1, day[same - 1] - start
        return self._code[same].astype(np.int64), days, before.astype(np.float64), since.astype(np.float64)

    def window(self, days: int) -> Window:
        """Return what the customers did in the days after the moment."""
        day = self.known.day + self.days_back
        rows = np.flatnonzero((day > 0) & (day <= days))
        place = np.searchsorted(self.customers, self.known.customer[rows])
        place = np.minimum(place, max(self.size - 1, 0))
        rows, place = self._of_customers(rows, place)
        first = np.full(self.size, np.inf)
        np.minimum.at(first, place, day[rows].astype(np.float64))
        later = self.known.back.day + self.days_back
        spend = sums(place, self.known.spend[rows], self.size)
        spend -= self._given_back((later > 0) & (later <= days))
        return Window(sums(place, None, self.size), spend.round(6), first)

    def _of_customers(self, rows: Codes, place: Codes) -> tuple[Codes, Codes]:
        own = self.customers[place] == self.known.customer[rows]
        return rows[own], place[own]
