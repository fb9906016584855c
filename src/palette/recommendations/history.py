"""What was known of a retailer's purchases at a moment, in the forms that recommenders learn from.

Everything here looks at purchases up to the moment only, so that a model of a past moment cannot see what
came after it. Customers and items are positions (codes) in the retailer's sorted ids; they are the same at
every moment, which makes the histories of two moments comparable.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

Codes = NDArray[np.int64]
Vector = NDArray[np.float64]

DAY = 86_400  # seconds
HALF_LIFE = 60.0  # days after which a purchase counts half for `recent`
NEVER = np.inf
A_DAY = 1 + 1e-6  # purchases less than a day apart are no interval; ages are not exact to the second


@dataclass(frozen=True)
class Purchases:
    """All purchases of a retailer, customers and items as codes.

    Attributes
    ----------
    retailer
        Its key.
    customers
        Customer ids, sorted: position = code.
    items
        One row an item, sorted by ``item_id``: position = code. ``item_name``, ``category``,
        ``super_category``, ``sells_online`` and what the rules look at.
    lines
        One row an order and item, by ``time``: ``customer``, ``item``, ``order`` (codes), ``time`` (seconds,
        0 or less, of the last purchase), ``units``, ``amount`` (the retailer's currency), ``online``.
    end
        Time of the last purchase.
    """

    retailer: str
    customers: NDArray[np.object_]
    items: pd.DataFrame
    lines: pd.DataFrame
    end: pd.Timestamp

    @property
    def span(self) -> float:
        """Days between the first purchase and the last."""
        return -float(self.lines["time"].min()) / DAY


def purchases_of(retailer: str, purchases: pd.DataFrame, items: pd.DataFrame) -> Purchases:
    """Put a retailer's purchases into codes.

    Parameters
    ----------
    retailer
        Key of the retailer.
    purchases
        One row an order and item: ``retailer``, ``customer_id``, ``order_id``, ``item_id``, ``ordered_at``,
        ``channel``, ``units``, ``amount``. At least one row is the retailer's.
    items
        One row an item: ``retailer``, ``item_id`` and the columns of :class:`Purchases`.

    Returns
    -------
    Purchases
        The same whatever the order of the rows.
    """
    own = purchases[purchases["retailer"] == retailer]
    catalogue = items[items["retailer"] == retailer].sort_values("item_id", ignore_index=True)
    customer, customers = pd.factorize(own["customer_id"].astype(object), sort=True)
    order, _ = pd.factorize(own["order_id"].astype(object), sort=True)
    end = pd.Timestamp(own["ordered_at"].max())
    lines = pd.DataFrame(
        {
            "customer": customer.astype(np.int64),
            "item": pd.Index(catalogue["item_id"].astype(object)).get_indexer(own["item_id"].astype(object)),
            "order": order.astype(np.int64),
            "time": (own["ordered_at"] - end).dt.total_seconds().round().astype(np.int64).to_numpy(),
            "units": own["units"].to_numpy(dtype=np.float64),
            "amount": own["amount"].to_numpy(dtype=np.float64),
            "online": (own["channel"] == "online").to_numpy(dtype=bool),
        }
    ).sort_values(["time", "customer", "order", "item"], ignore_index=True)
    return Purchases(retailer, np.asarray(customers, dtype=object), catalogue, lines, end)


@dataclass(frozen=True)
class Pairs:
    """Pairs of a customer and an item bought, sorted by ``key`` = customer x items + item.

    ``orders`` is the number of orders with the item; ``first_age`` and ``last_age`` are days before the
    moment of the first and the last of them.
    """

    key: Codes
    orders: Vector
    first_age: Vector
    last_age: Vector

    def find(self, key: Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Return the position of each key, and whether it is there at all."""
        if not len(self.key):
            return np.zeros(len(key), dtype=np.int64), np.zeros(len(key), dtype=bool)
        position = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return position, self.key[position] == key


@dataclass(frozen=True)
class History:
    """Purchases up to a moment.

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

    def __post_init__(self) -> None:
        """Keep what is known, with the ``age`` of each line in days."""
        moment = -self.days_back * DAY
        known = self.purchases.lines[self.purchases.lines["time"] <= moment]
        object.__setattr__(self, "lines", known.assign(age=(moment - known["time"]) / DAY))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of customers and items."""
        return len(self.purchases.customers), len(self.purchases.items)

    @cached_property
    def orders(self) -> csr_matrix:
        """Orders with the item, customers x items."""
        return self._matrix(np.ones(len(self.lines)))

    @cached_property
    def bought(self) -> csr_matrix:
        """1 where the customer bought the item."""
        return (self.orders > 0).astype(np.float32)

    @cached_property
    def recent(self) -> csr_matrix:
        """Orders with the item, each counting half after ``HALF_LIFE`` days."""
        return self._matrix(0.5 ** (self.lines["age"].to_numpy() / HALF_LIFE))

    @cached_property
    def last_order(self) -> csr_matrix:
        """1 where the item is in an order of the customer's last calendar day with one."""
        end = self.purchases.end
        day = (self.lines["time"].to_numpy() + (end - end.normalize()).total_seconds()) // DAY
        last_day = np.full(self.shape[0], -NEVER)
        np.maximum.at(last_day, self._customer, day)
        found = self._matrix((day == last_day[self._customer]).astype(np.float64))
        found.eliminate_zeros()
        return (found > 0).astype(np.float32)

    @cached_property
    def baskets(self) -> csr_matrix:
        """1 where the item is in the order, orders x items."""
        order, orders = pd.factorize(self.lines["order"])
        return _binary(order, self._item, (len(orders), self.shape[1]))

    @cached_property
    def moment(self) -> pd.Timestamp:
        """The moment itself."""
        return self.purchases.end - pd.Timedelta(days=self.days_back)

    @cached_property
    def days_today(self) -> float:
        """Part of the moment's calendar day that has passed, in days; midnight is of the day it begins."""
        return float((self.moment - self.moment.normalize()).total_seconds()) / DAY + 1e-9

    @cached_property
    def today(self) -> csr_matrix:
        """1 where the customer bought the item on the moment's calendar day."""
        return self.within(self.days_today, self.days_today)

    def within(self, first_day: float, days: float) -> csr_matrix:
        """1 where the customer bought the item on the ``days`` days that begin ``first_day`` days ago."""
        age = self.lines["age"].to_numpy()
        found = self._matrix(((age < first_day) & (age >= first_day - days)).astype(np.float64))
        found.eliminate_zeros()
        return (found > 0).astype(np.float32)

    def window(self, days: int) -> csr_matrix:
        """1 where the customer buys the item in the ``days`` after the moment: the truth of a backtest."""
        later = self.purchases.lines
        moment = -self.days_back * DAY
        later = later[(later["time"] > moment) & (later["time"] <= moment + days * DAY)]
        return _binary(later["customer"].to_numpy(), later["item"].to_numpy(), self.shape)

    @cached_property
    def pairs(self) -> Pairs:
        """What every customer bought, and when first and last."""
        key = self._customer * self.shape[1] + self._item
        order = np.argsort(key, kind="stable")
        unique, start, orders = np.unique(key[order], return_index=True, return_counts=True)
        age = self.lines["age"].to_numpy()[order]  # oldest first within a pair
        return Pairs(unique, orders.astype(np.float64), age[start], age[start + orders - 1])

    def due_in(self, customer: Codes, item: Codes) -> Vector:
        """Tell in how many days customers are expected to rebuy items they bought; negative = overdue.

        Parameters
        ----------
        customer, item
            Codes of pairs that were bought.

        Returns
        -------
        numpy.ndarray
            :meth:`interval` less the days since the last purchase; NaN where it is not known.
        """
        position, _ = self.pairs.find(customer * self.shape[1] + item)
        return np.asarray(self.interval(customer, item) - self.pairs.last_age[position], dtype=np.float64)

    def interval(self, customer: Codes, item: Codes) -> Vector:
        """Tell after how many days customers rebuy items they bought.

        Parameters
        ----------
        customer, item
            Codes of pairs that were bought.

        Returns
        -------
        numpy.ndarray
            The mean of the customer's own intervals and, counted as one more, the item's usual one; that one
            alone where the customer bought within a day only. NaN where nobody rebought the item later.

        Raises
        ------
        ValueError
            A pair was never bought.
        """
        position, found = self.pairs.find(customer * self.shape[1] + item)
        if not found.all():
            raise ValueError("interval: a pair that was never bought")
        orders, own = self.pairs.orders[position], (self.pairs.first_age - self.pairs.last_age)[position]
        usual = self.usual_interval[item]
        return np.where((orders > 1) & (own > A_DAY), (own + usual) / orders, usual)

    # ---- items

    @cached_property
    def buyers(self) -> Vector:
        """Customers who bought each item."""
        return _column_sums(self.bought)

    def buyers_within(self, days: int, *, first_day: float | None = None) -> Vector:
        """Count the customers who bought each item in a span of days, by default the last ones."""
        return _column_sums(self.within(days if first_day is None else first_day, days))

    @cached_property
    def first_sold(self) -> Vector:
        """Days since each item was first sold; ``NEVER`` for none."""
        return _extreme(np.maximum, self._item, self.lines["age"].to_numpy(), self.shape[1])

    @cached_property
    def last_sold(self) -> Vector:
        """Days since each item was last sold; ``NEVER`` for none."""
        return _extreme(np.minimum, self._item, self.lines["age"].to_numpy(), self.shape[1])

    @cached_property
    def price(self) -> Vector:
        """Mean price of a unit of each item; NaN for none."""
        amount = _sums(self._item, self.lines["amount"], self.shape[1])
        return _ratio(amount, _sums(self._item, self.lines["units"], self.shape[1]))

    @cached_property
    def usual_interval(self) -> Vector:
        """Median over an item's repeat buyers of their mean days between orders with it; NaN for none."""
        span = self.pairs.first_age - self.pairs.last_age
        repeated = (self.pairs.orders > 1) & (span > A_DAY)
        own = span[repeated] / (self.pairs.orders[repeated] - 1)
        item = self.pairs.key[repeated] % self.shape[1]
        medians = pd.Series(own).groupby(item).median().reindex(range(self.shape[1]))
        return np.asarray(medians, dtype=np.float64)

    @cached_property
    def repeat_rate(self) -> Vector:
        """Share of an item's buyers who bought it in more than one order."""
        item = self.pairs.key[self.pairs.orders > 1] % self.shape[1]
        return _sums(item, None, self.shape[1]) / np.maximum(self.buyers, 1)

    @cached_property
    def online(self) -> NDArray[np.bool_]:
        """Whether each item was bought online."""
        return _sums(self._item, self.lines["online"], self.shape[1]) > 0

    # ---- customers

    @cached_property
    def customer_orders(self) -> Vector:
        """Number of orders of each customer."""
        return _sums(self._orders["customer"], None, self.shape[0])

    @cached_property
    def customer_lines(self) -> Vector:
        """Number of items in all orders of each customer."""
        return _sums(self._customer, None, self.shape[0])

    @cached_property
    def last_age(self) -> Vector:
        """Days since each customer's last order; ``NEVER`` for none."""
        return _extreme(np.minimum, self._customer, self.lines["age"].to_numpy(), self.shape[0])

    @cached_property
    def first_age(self) -> Vector:
        """Days since each customer's first order; ``NEVER`` for none."""
        return _extreme(np.maximum, self._customer, self.lines["age"].to_numpy(), self.shape[0])

    @cached_property
    def amount(self) -> Vector:
        """What each customer paid in all."""
        return _sums(self._customer, self.lines["amount"], self.shape[0])

    @cached_property
    def offline_only(self) -> NDArray[np.bool_]:
        """Whether each customer bought offline and never online."""
        online = _sums(self._customer, self.lines["online"], self.shape[0])
        return np.asarray((self.customer_orders > 0) & (online == 0))

    @cached_property
    def log_price(self) -> Vector:
        """Mean logarithm of the prices of what each customer bought; NaN for none."""
        prices = np.log(np.maximum(self.price[self._item], 1e-9))
        return _ratio(_sums(self._customer, prices, self.shape[0]), self.customer_lines)

    def orders_within(self, days: int) -> Vector:
        """Count the orders of each customer in the last days."""
        return _sums(self._orders["customer"], self._orders["age"] < days, self.shape[0])

    def orders_since(self, customer: Codes, age: Vector, *, inclusive: bool = False) -> Vector:
        """Count each customer's orders that are younger than an age in days, or of that age as well."""
        side: Literal["left", "right"] = "right" if inclusive else "left"
        count = np.searchsorted(self._order_keys, customer * self._stride + age, side=side)
        start = np.searchsorted(self._order_keys, customer * self._stride, side="left")
        return (count - start).astype(np.float64)

    @cached_property
    def scores(self) -> Codes:
        """R, F and M score of each customer, customers x 3: quintiles 1 to 5, 5 best; 0 for no purchases."""
        known = np.isfinite(self.last_age)
        scores = np.zeros((self.shape[0], 3), dtype=np.int64)
        for place, measure in enumerate((np.floor(self.last_age), self.customer_lines, self.amount)):
            if known.any():
                edges = np.quantile(measure[known], [0.2, 0.4, 0.6, 0.8])
                quintile = 1 + np.searchsorted(edges, measure[known], side="left")
                scores[known, place] = quintile if place else 6 - quintile
        return scores

    @cached_property
    def categories(self) -> tuple[Codes, int]:
        """Code of each item's super-category, and their number."""
        codes, names = pd.factorize(self.purchases.items["super_category"].astype(object), sort=True)
        return codes.astype(np.int64), len(names)

    @cached_property
    def category_share(self) -> NDArray[np.float64]:
        """Share of each super-category in a customer's lines, customers x categories; 0 without purchases."""
        codes, count = self.categories
        cells = _sums(self._customer * count + codes[self._item], None, self.shape[0] * count)
        return cells.reshape(-1, count) / np.maximum(self.customer_lines, 1)[:, None]

    # ---- forms of the lines

    @cached_property
    def _customer(self) -> Codes:
        return self.lines["customer"].to_numpy(dtype=np.int64)

    @cached_property
    def _item(self) -> Codes:
        return self.lines["item"].to_numpy(dtype=np.int64)

    @cached_property
    def _orders(self) -> pd.DataFrame:
        return self.lines[["customer", "order", "age"]].drop_duplicates(["customer", "order"])

    @cached_property
    def _stride(self) -> float:
        return float(np.ceil(self.lines["age"].max())) + 2.0 if len(self.lines) else 1.0

    @cached_property
    def _order_keys(self) -> Vector:
        keys = self._orders["customer"].to_numpy() * self._stride + self._orders["age"].to_numpy()
        return np.sort(keys)

    def _matrix(self, values: Vector) -> csr_matrix:
        return csr_matrix((values.astype(np.float32), (self._customer, self._item)), shape=self.shape)


def _binary(customers: Codes, items: Codes, shape: tuple[int, int]) -> csr_matrix:
    counted = csr_matrix((np.ones(len(customers), dtype=np.float32), (customers, items)), shape=shape)
    return (counted > 0).astype(np.float32)


def _column_sums(matrix: csr_matrix) -> Vector:
    return np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()


def _sums(codes: ArrayLike, values: ArrayLike | None, size: int) -> Vector:
    """Add up the values of each code; without values, count."""
    return np.bincount(codes, values, minlength=size).astype(np.float64)


def _ratio(parts: Vector, wholes: Vector) -> Vector:
    """Divide, NaN where there is no whole."""
    found: Vector = np.divide(parts, wholes, out=np.full(len(wholes), np.nan), where=wholes > 0)
    return found


def _extreme(choose: np.ufunc, codes: Codes, ages: Vector, size: int) -> Vector:
    """Return the least or greatest age of each code, ``NEVER`` where it has none."""
    found = np.full(size, NEVER if choose is np.minimum else -NEVER)
    choose.at(found, codes, ages)
    return np.where(np.isfinite(found), found, NEVER)
