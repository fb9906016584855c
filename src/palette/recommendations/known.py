"""The purchases that were known at a moment, and the matrices that recommenders learn from.

Everything here looks at purchases up to the moment only, so that a model of a past moment cannot see what
came after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from threading import RLock
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from palette.recommendations.codes import (
    Codes,
    Vector,
    added_up,
    binary,
    drawn,
    first_of,
    last_of,
    sought,
    sums,
)
from palette.recommendations.purchases import DAY, Purchases

Found = TypeVar("Found")
LEARNERS = 20_000  # customers at most from whom models learn: what is known of more changes little
# Orders fade as TIFUKNN's, in so many groups by age, and the last of them count for UP-CF (see models.py).
WITHIN_GROUP, BETWEEN_GROUPS, GROUPS = 0.9, 0.7, 7
LAST_ORDERS = 10
HALF_LIFE = 60.0  # days after which a purchase counts half for `recent`


@dataclass(frozen=True)
class Pairs:
    """Pairs of a customer and an item bought, sorted by ``key`` = customer x items + item.

    ``orders`` is the number of orders with the item and ``amount`` what was paid for it; ``first_age`` and
    ``last_age`` are days before the moment of the first and the last of them.
    """

    key: Codes
    orders: Vector
    amount: Vector
    first_age: Vector
    last_age: Vector

    def find(self, key: Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Return the position of each key, and whether it is there at all."""
        if not len(self.key):
            return np.zeros(len(key), dtype=np.int64), np.zeros(len(key), dtype=bool)
        position = np.minimum(sought(self.key, key), len(self.key) - 1)
        return position, self.key[position] == key


_OF_ALL: set[str] = set()
_OF_EACH: set[str] = set()


def of_all(make: Callable[[Any], Found]) -> cached_property[Found]:
    """Make a property of what everybody's purchases tell together: a part of a history has the whole's."""
    _OF_ALL.add(make.__name__)
    return cached_property(make)


def of_each(make: Callable[[Any], Found]) -> cached_property[Found]:
    """Make a property with a row a customer that rests on everybody: a part has rows of the whole's."""
    _OF_EACH.add(make.__name__)
    return cached_property(make)


def once(make: Callable[..., Found]) -> Callable[..., Found]:
    """Keep what a function worked out of a history and of what else it takes: it is asked for every batch."""

    @wraps(make)
    def kept(history: "Known", *given: Any) -> Found:
        key = (make.__name__, *given)
        with history.alone:  # batches ask side by side
            if key not in history.worked_out:
                if history.purchases.part_of is not None and make.__name__ in _OF_ALL | _OF_EACH:
                    raise LookupError(
                        f"{make.__name__}: of everybody, which has to be asked before the part is made"
                    )
                history.worked_out[key] = make(history, *given)
        found: Found = history.worked_out[key]
        return found

    return kept


def once_of_all(make: Callable[..., Found]) -> Callable[..., Found]:
    """Do what :func:`once` does for what everybody's purchases tell together, as :func:`of_all`."""
    _OF_ALL.add(make.__name__)
    return once(make)


def once_of_each(make: Callable[..., Found]) -> Callable[..., Found]:
    """Do what :func:`once` does for what has a row a customer, as :func:`of_each`."""
    _OF_EACH.add(make.__name__)
    return once(make)


@dataclass(frozen=True)
class Known:
    """Purchases up to a moment, and matrices that are made of them.

    Attributes
    ----------
    purchases
        All of the retailer's.
    days_back
        How many days before the last purchase the moment lies; a purchase at that very time is known.
    seed
        Seed of whatever learns from it.
    """

    purchases: Purchases
    days_back: int = 0
    seed: int = 0
    lines: pd.DataFrame = field(init=False, repr=False)
    worked_out: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)  # see once()
    alone: RLock = field(init=False, repr=False, compare=False, default_factory=RLock)

    def __post_init__(self) -> None:
        """Keep what is known, with the ``age`` of each line in days."""
        moment = -self.days_back * DAY
        known = self.purchases.lines[self.purchases.lines["time"] <= moment]
        object.__setattr__(self, "lines", known.assign(age=(moment - known["time"]) / DAY))

    def part(self, customers: Codes) -> Self:
        """Return what is known of some customers, for a process of its own.

        Parameters
        ----------
        customers
            Codes, ascending. Those of the part are their places.

        Returns
        -------
        Known
            Of these customers' purchases, in which everything that rests on those of others as well
            (:func:`of_all`, :func:`of_each`) is that of the whole. Nothing can be fitted on it.
        """
        part = type(self)(self.purchases.part(customers), self.days_back, self.seed)
        state = vars(part)
        state |= {name: getattr(self, name) for name in _OF_ALL if hasattr(type(self), name)}
        state |= {name: getattr(self, name)[customers] for name in _OF_EACH if hasattr(type(self), name)}
        for key, found in self.worked_out.items():
            if key[0] in _OF_ALL | _OF_EACH:
                part.worked_out[key] = found if key[0] in _OF_ALL else found[customers]
        return part

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be made anew, which doubles the size."""
        return {name: kept for name, kept in vars(self).items() if name not in ("lines", "alone")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read what :meth:`__getstate__` returned."""
        vars(self).update(state, alone=RLock())
        self.__post_init__()

    @property
    def shape(self) -> tuple[int, int]:
        """Number of customers and items."""
        return self.purchases.customers, len(self.purchases.items)

    @cached_property
    def moment(self) -> pd.Timestamp:
        """The moment itself."""
        return self.purchases.end - pd.Timedelta(days=self.days_back)

    @cached_property
    def days_today(self) -> float:
        """Part of the moment's calendar day that has passed, in days; midnight is of the day it begins."""
        return float((self.moment - self.moment.normalize()).total_seconds()) / DAY + 1e-9

    @property
    def _midnight(self) -> float:
        """Seconds of the last purchase's calendar day that had passed."""
        return float((self.purchases.end - self.purchases.end.normalize()).total_seconds())

    def _day(self, time: Any) -> Any:
        """Return the calendar day of a time, that of the last purchase being 0."""
        return np.floor((time + self._midnight) / DAY)

    @cached_property
    def line_customer(self) -> Codes:
        """Code of each line's customer."""
        return self.lines["customer"].to_numpy(dtype=np.int64)

    @property
    def _age(self) -> Vector:
        """Days since each line was bought, the oldest first."""
        found: Vector = self.lines["age"].to_numpy(dtype=np.float64)
        return found

    @cached_property
    def _item(self) -> Codes:
        return self.lines["item"].to_numpy(dtype=np.int64)

    @cached_property
    def _orders(self) -> pd.DataFrame:
        """The first line of each order, by time."""
        order, places = self.lines["order"].to_numpy(), np.arange(len(self.lines))
        first = first_of(order, places, int(order.max(initial=-1)) + 1, -1)
        columns = ["customer", "order", "time", "age", "day_off"]
        return self.lines[columns].iloc[np.sort(first[first >= 0])]

    @cached_property
    def customer_orders(self) -> Vector:
        """Number of orders of each customer."""
        return sums(self._orders["customer"], None, self.shape[0])

    @cached_property
    def orders_back(self) -> Codes:
        """Place of each line's order among the customer's, 0 for the last one."""
        orders = self._orders
        back = np.zeros(int(orders["order"].max()) + 1 if len(orders) else 0, dtype=np.int64)
        back[orders["order"]] = orders.groupby("customer").cumcount(ascending=False)
        found: Codes = back[self.lines["order"]]
        return found

    @cached_property
    def learners(self) -> Codes:
        """Customers with purchases from whom models learn: a draw of many."""
        return drawn(np.flatnonzero(self.customer_orders > 0), LEARNERS, self.seed)

    @cached_property
    def learns(self) -> NDArray[np.bool_]:
        """Whether each customer is one of them."""
        found = np.zeros(self.shape[0], dtype=bool)
        found[self.learners] = True
        return found

    def matrix(self, values: Vector) -> csr_matrix:
        """Add up a value a line, customers x items."""
        order, starts = self._by_pair
        return self._with(added_up(values[order], starts))

    def _with(self, values: Vector) -> csr_matrix:
        """Give each pair its value, customers x items."""
        return csr_matrix((values.astype(np.float32), *self._cells), shape=self.shape)

    def marked(self, lines: NDArray[np.bool_]) -> csr_matrix:
        """1 where some of the lines are, customers x items."""
        return binary(self.line_customer[lines], self._item[lines], self.shape)

    def baskets_of(self, customers: NDArray[np.bool_]) -> csr_matrix:
        """1 where the item is in the order, of all orders of some customers, orders x items."""
        lines = customers[self.line_customer]
        order, orders = pd.factorize(self.lines["order"].to_numpy()[lines])
        return binary(order, self._item[lines], (len(orders), self.shape[1]))

    @cached_property
    def orders(self) -> csr_matrix:
        """Orders with the item, customers x items."""
        return self._with(self.pairs.orders)

    @cached_property
    def bought(self) -> csr_matrix:
        """1 where the customer bought the item."""
        return self._with(np.ones(len(self.pairs.key)))

    @cached_property
    def recent(self) -> csr_matrix:
        """Orders with the item, each counting half after ``HALF_LIFE`` days."""
        return self.matrix(0.5 ** (self._age / HALF_LIFE))

    @cached_property
    def lately(self) -> csr_matrix:
        """1 where the customer bought the item in the last ``HALF_LIFE`` days."""
        return self.within(HALF_LIFE, HALF_LIFE)

    @cached_property
    def fading(self) -> csr_matrix:
        """Orders with the item, in ``GROUPS`` groups by age: they fade within a group and between groups."""
        orders = self.customer_orders[self.line_customer]
        size = np.maximum(np.ceil(orders / GROUPS), 1)
        group, within = np.divmod(self.orders_back, size)
        groups = np.ceil(orders / size)
        held = np.where(group == groups - 1, orders - (groups - 1) * size, size)
        return self.matrix(WITHIN_GROUP**within / held * BETWEEN_GROUPS**group / groups)

    @cached_property
    def last_shares(self) -> csr_matrix:
        """Share of the customer's last ``LAST_ORDERS`` orders with the item."""
        last = self.orders_back < LAST_ORDERS
        customer = self.line_customer[last]
        shares = (1 / np.clip(self.customer_orders[customer], 1, LAST_ORDERS)).astype(np.float32)
        return csr_matrix((shares, (customer, self._item[last])), shape=self.shape)

    @cached_property
    def last_order(self) -> csr_matrix:
        """1 where the item is in an order of the customer's last calendar day with one."""
        day = self._day(self.lines["time"].to_numpy())
        last_day = last_of(self.line_customer, day, self.shape[0])
        return self.marked(day == last_day[self.line_customer])

    @cached_property
    def baskets(self) -> csr_matrix:
        """1 where the item is in the order, orders x items."""
        return self.baskets_of(np.ones(self.shape[0], dtype=bool))

    @cached_property
    def today(self) -> csr_matrix:
        """1 where the customer bought the item on the moment's calendar day."""
        return self.within(self.days_today, self.days_today)

    def within(self, first_day: float, days: float) -> csr_matrix:
        """1 where the customer bought the item on the ``days`` days that begin ``first_day`` days ago."""
        age = self._age
        return self.marked((age < first_day) & (age >= first_day - days))

    @once
    def window(self, days: int) -> csr_matrix:
        """1 where the customer buys the item in the ``days`` after the moment: the truth of a backtest."""
        later = self.purchases.lines
        moment = -self.days_back * DAY
        later = later[(later["time"] > moment) & (later["time"] <= moment + days * DAY)]
        return binary(later["customer"].to_numpy(), later["item"].to_numpy(), self.shape)

    @cached_property
    def _by_pair(self) -> tuple[Codes, Codes]:
        """Places of the lines by customer and item, oldest first within a pair, and where pairs begin."""
        key = self.line_customer * self.shape[1] + self._item
        order = np.argsort(key, kind="stable")
        return order, np.flatnonzero(np.diff(key[order], prepend=-1))

    @cached_property
    def _cells(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Items of the pairs, and where each customer's begin and the last one's end."""
        customer, item = np.divmod(self.pairs.key, self.shape[1])
        begin = np.searchsorted(customer, np.arange(self.shape[0] + 1))
        return item.astype(np.int32), begin.astype(np.int32)

    @cached_property
    def pairs(self) -> Pairs:
        """What every customer bought, how much of it, and when first and last."""
        order, starts = self._by_pair
        orders = np.diff(starts, append=len(order))
        first, last = order[starts], order[starts + orders - 1]
        age, amount = self._age, self.lines["amount"].to_numpy(dtype=np.float64)
        key = self.line_customer[first] * self.shape[1] + self._item[first]
        return Pairs(key, orders.astype(np.float64), added_up(amount[order], starts), age[first], age[last])
