"""What was known of a retailer's purchases at a moment, in the forms that recommenders learn from.

Everything here looks at purchases up to the moment only, so that a model of a past moment cannot see what
came after it. Customers and items are positions (codes) in the retailer's sorted ids; they are the same at
every moment, which makes the histories of two moments comparable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from palette.baskets.rules import Thresholds

if TYPE_CHECKING:
    from palette.recommendations.bundles import Sets

Codes = NDArray[np.int64]
Vector = NDArray[np.float64]
Found = TypeVar("Found")

DAY = 86_400  # seconds
LEARNERS = 20_000  # customers at most from whom models learn: what is known of more changes little
# Orders fade as TIFUKNN's, in so many groups by age, and the last of them count for UP-CF (see models.py).
WITHIN_GROUP, BETWEEN_GROUPS, GROUPS = 0.9, 0.7, 7
LAST_ORDERS = 10
HALF_LIFE = 60.0  # days after which a purchase counts half for `recent`
NEVER = np.inf
WORD = r"[^\W\d_]{2,}"
COMMON, FEW_ITEMS = 0.1, 100  # a word of more than this share of the items, and of so many, tells nothing
A_DAY = 1 + 1e-6  # purchases less than a day apart are no interval; ages are not exact to the second


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

    @property
    def span(self) -> float:
        """Days between the first purchase and the last."""
        return -float(self.lines["time"].min()) / DAY


def purchases_of(
    retailer: str,
    purchases: pa.Table,
    items: pd.DataFrame,
    *,
    recency_unit: str = "elapsed_days",
    clusters: Clusters = PUBLISHED,
    audiences: Mapping[str, tuple[tuple[int, int], ...]] | None = None,
    thresholds: Thresholds | None = None,
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
    )


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
        position = np.minimum(_sought(self.key, key), len(self.key) - 1)
        return position, self.key[position] == key


def once(make: Callable[..., Found]) -> Callable[..., Found]:
    """Keep what a function worked out of a history and of what else it takes: it is asked for every batch."""

    @wraps(make)
    def kept(history: "History", *given: Any) -> Found:
        key = (make.__name__, *given)
        with history.alone:  # batches ask side by side
            if key not in history.worked_out:
                history.worked_out[key] = make(history, *given)
        found: Found = history.worked_out[key]
        return found

    return kept


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
    worked_out: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)  # see once()
    alone: RLock = field(init=False, repr=False, compare=False, default_factory=RLock)

    def __post_init__(self) -> None:
        """Keep what is known, with the ``age`` of each line in days."""
        moment = -self.days_back * DAY
        known = self.purchases.lines[self.purchases.lines["time"] <= moment]
        object.__setattr__(self, "lines", known.assign(age=(moment - known["time"]) / DAY))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of customers and items."""
        return self.purchases.customers, len(self.purchases.items)

    @cached_property
    def learners(self) -> Codes:
        """Customers with purchases from whom models learn: a draw of many."""
        return drawn(np.flatnonzero(self.customer_orders > 0), LEARNERS, self.seed)

    @cached_property
    def orders(self) -> csr_matrix:
        """Orders with the item, customers x items."""
        return self.matrix(np.ones(len(self.lines)))

    @cached_property
    def bought(self) -> csr_matrix:
        """1 where the customer bought the item."""
        return (self.orders > 0).astype(np.float32)

    @cached_property
    def recent(self) -> csr_matrix:
        """Orders with the item, each counting half after ``HALF_LIFE`` days."""
        return self.matrix(0.5 ** (self.lines["age"].to_numpy() / HALF_LIFE))

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
        orders = np.clip(self.customer_orders[self.line_customer], 1, LAST_ORDERS)
        shares = self.matrix(np.where(self.orders_back < LAST_ORDERS, 1 / orders, 0))
        shares.eliminate_zeros()
        return shares

    @cached_property
    def last_order(self) -> csr_matrix:
        """1 where the item is in an order of the customer's last calendar day with one."""
        day = self._day(self.lines["time"].to_numpy())
        last_day = np.full(self.shape[0], -NEVER)
        np.maximum.at(last_day, self.line_customer, day)
        found = self.matrix((day == last_day[self.line_customer]).astype(np.float64))
        found.eliminate_zeros()
        return (found > 0).astype(np.float32)

    @cached_property
    def baskets(self) -> csr_matrix:
        """1 where the item is in the order, orders x items."""
        return self._baskets(np.ones(len(self.lines), dtype=bool))

    @cached_property
    def learners_baskets(self) -> csr_matrix:
        """The baskets of the customers from whom models learn."""
        learns = np.zeros(self.shape[0], dtype=bool)
        learns[self.learners] = True
        return self._baskets(learns[self.line_customer])

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
        found = self.matrix(((age < first_day) & (age >= first_day - days)).astype(np.float64))
        found.eliminate_zeros()
        return (found > 0).astype(np.float32)

    @once
    def window(self, days: int) -> csr_matrix:
        """1 where the customer buys the item in the ``days`` after the moment: the truth of a backtest."""
        later = self.purchases.lines
        moment = -self.days_back * DAY
        later = later[(later["time"] > moment) & (later["time"] <= moment + days * DAY)]
        return _binary(later["customer"].to_numpy(), later["item"].to_numpy(), self.shape)

    @cached_property
    def pairs(self) -> Pairs:
        """What every customer bought, and when first and last."""
        key = self.line_customer * self.shape[1] + self._item
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
        orders = self.pairs.orders[position]
        own = self.pairs.first_age[position] - self.pairs.last_age[position]
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

    @cached_property
    def words(self) -> csr_matrix:
        """1 where the item's name has the word, words x items: of those sold, the words that some share."""
        items = self.purchases.items
        names = items["item_name"] if "item_name" in items else pd.Series("", items.index)
        found = names.where(self.buyers > 0, "").fillna("").str.lower().str.findall(WORD).explode().dropna()
        words, known = pd.factorize(found)
        named = _binary(words, found.index.to_numpy(), (len(known), self.shape[1]))
        shared = np.diff(named.indptr)
        return named[(shared > 1) & (shared <= max(COMMON * self.shape[1], FEW_ITEMS))]

    # ---- customers

    @cached_property
    def customer_orders(self) -> Vector:
        """Number of orders of each customer."""
        return _sums(self._orders["customer"], None, self.shape[0])

    @cached_property
    def customer_items(self) -> Vector:
        """Number of items in all orders of each customer."""
        return _sums(self.line_customer, None, self.shape[0])

    @cached_property
    def frequency(self) -> Vector:
        """Order lines of each customer, as in the mart `customer_rfm`."""
        return _sums(self.line_customer, self.lines["order_lines"], self.shape[0])

    @cached_property
    def recency(self) -> Vector:
        """Days from each customer's last order to the day after the last of all; ``NEVER`` for none.

        As in the mart `customer_rfm`: in calendar days, or in whole days of 24 hours.
        """
        if not len(self.lines):
            return np.full(self.shape[0], NEVER)
        last = np.full(self.shape[0], -NEVER)
        np.maximum.at(last, self.line_customer, self.lines["time"].to_numpy())
        latest = self.lines["time"].to_numpy()[-1]
        if self.purchases.recency_unit == "calendar_days":
            since = self._day(latest) - self._day(last) + 1
        else:
            since = np.floor((latest - last) / DAY) + 1
        return np.where(np.isfinite(last), since, NEVER)

    @cached_property
    def orders_back(self) -> Codes:
        """Place of each line's order among the customer's, 0 for the last one."""
        orders = self._orders
        back = np.zeros(int(orders["order"].max()) + 1 if len(orders) else 0, dtype=np.int64)
        back[orders["order"]] = orders.groupby("customer").cumcount(ascending=False)
        found: Codes = back[self.lines["order"]]
        return found

    @cached_property
    def last_age(self) -> Vector:
        """Days since each customer's last order; ``NEVER`` for none."""
        return _extreme(np.minimum, self.line_customer, self.lines["age"].to_numpy(), self.shape[0])

    @cached_property
    def first_age(self) -> Vector:
        """Days since each customer's first order; ``NEVER`` for none."""
        return _extreme(np.maximum, self.line_customer, self.lines["age"].to_numpy(), self.shape[0])

    @cached_property
    def monetary(self) -> Vector:
        """What each customer paid in all; rounded, so that the order of the sum decides nothing."""
        return _sums(self.line_customer, self.lines["amount"], self.shape[0]).round(6)

    @cached_property
    def times(self) -> dict[str, Vector]:
        """Shares of each customer's orders as in the mart `customer_features`; 0 without any."""
        orders = self._orders
        hour = ((orders["time"].to_numpy() + self._midnight) % DAY) // 3_600
        when = {
            "r_weekend": orders["day_off"].to_numpy(),
            "r_dawn": (hour >= 1) & (hour <= 8),
            "r_dinner": (hour >= 19) | (hour == 0),
        }
        total = np.maximum(self.customer_orders, 1)
        counted = {name: _sums(orders["customer"], then, self.shape[0]) for name, then in when.items()}
        return {name: count / total for name, count in counted.items()}

    @cached_property
    def online_share(self) -> Vector:
        """Share of each customer's items that were bought online; 0 without any."""
        online = _sums(self.line_customer, self.lines["online"], self.shape[0])
        return np.asarray(online / np.maximum(self.customer_items, 1))

    @cached_property
    def offline_only(self) -> NDArray[np.bool_]:
        """Whether each customer bought offline and never online."""
        return np.asarray((self.customer_orders > 0) & (self.online_share == 0))

    @cached_property
    def log_price(self) -> Vector:
        """Mean logarithm of the prices of what each customer bought; NaN for none."""
        prices = np.log(np.maximum(self.price[self._item], 1e-9))
        return _ratio(_sums(self.line_customer, prices, self.shape[0]), self.customer_items)

    def orders_within(self, days: int) -> Vector:
        """Count the orders of each customer in the last days."""
        return _sums(self._orders["customer"], self._orders["age"] < days, self.shape[0])

    def orders_since(self, customer: Codes, age: Vector, *, inclusive: bool = False) -> Vector:
        """Count each customer's orders that are younger than an age in days, or of that age as well."""
        count = _sought(self._order_keys, customer * self._stride + age, "right" if inclusive else "left")
        start = _sought(self._order_keys, customer * self._stride)
        return (count - start).astype(np.float64)

    @cached_property
    def scores(self) -> Codes:
        """R, F and M score of each customer, customers x 3, as in the mart `customer_rfm`.

        Quintiles 1 to 5, 5 best; 0 for no purchases.
        """
        known = np.isfinite(self.recency)
        scores = np.zeros((self.shape[0], 3), dtype=np.int64)
        for place, measure in enumerate((self.recency, self.frequency, self.monetary)):
            if known.any():
                edges = np.quantile(measure[known], [0.2, 0.4, 0.6, 0.8])
                quintile = 1 + np.searchsorted(edges, measure[known], side="left")
                scores[known, place] = quintile if place else 6 - quintile
        return scores

    @cached_property
    def rfm_score(self) -> Codes:
        """100 R + 10 F + M of each customer, as in the mart `customer_rfm`; 0 for no purchases."""
        found: Codes = self.scores @ np.array([100, 10, 1])
        return found

    @cached_property
    def categories(self) -> tuple[Codes, int]:
        """Code of each item's super-category, and their number."""
        codes, names = pd.factorize(self.purchases.items["super_category"].astype(object), sort=True)
        return codes.astype(np.int64), len(names)

    @cached_property
    def category_share(self) -> NDArray[np.float64]:
        """Share of each super-category in a customer's lines, customers x categories; 0 without purchases."""
        codes, count = self.categories
        cells = _sums(self.line_customer * count + codes[self._item], None, self.shape[0] * count)
        return cells.reshape(-1, count) / np.maximum(self.customer_items, 1)[:, None]

    @cached_property
    def usual_share(self) -> Vector:
        """Share of each super-category in all lines."""
        codes, count = self.categories
        return np.bincount(codes[self._item], minlength=count) / max(len(self.lines), 1)

    # ---- forms of the lines

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

    @cached_property
    def _item(self) -> Codes:
        return self.lines["item"].to_numpy(dtype=np.int64)

    @cached_property
    def _orders(self) -> pd.DataFrame:
        """The first line of each order, by time."""
        order, places = self.lines["order"].to_numpy(), np.arange(len(self.lines))
        first = np.full(int(order.max(initial=-1)) + 1, -1)
        first[order[::-1]] = places[::-1]
        columns = ["customer", "order", "time", "age", "day_off"]
        return self.lines[columns].iloc[np.sort(first[first >= 0])]

    @cached_property
    def _stride(self) -> float:
        return float(np.ceil(self.lines["age"].max())) + 2.0 if len(self.lines) else 1.0

    @cached_property
    def _order_keys(self) -> Vector:
        keys = self._orders["customer"].to_numpy() * self._stride + self._orders["age"].to_numpy()
        return np.sort(keys)

    def _baskets(self, lines: NDArray[np.bool_]) -> csr_matrix:
        order, orders = pd.factorize(self.lines["order"].to_numpy()[lines])
        return _binary(order, self._item[lines], (len(orders), self.shape[1]))

    def matrix(self, values: Vector) -> csr_matrix:
        """Add up a value a line, customers x items."""
        return csr_matrix((values.astype(np.float32), (self.line_customer, self._item)), shape=self.shape)


def drawn(codes: Codes, most: int, seed: int) -> Codes:
    """Draw some of many, in order."""
    if len(codes) <= most:
        return codes
    found: Codes = np.sort(np.random.default_rng(seed).choice(codes, most, replace=False))
    return found


def _sought(ordered: NDArray[Any], values: NDArray[Any], side: Literal["left", "right"] = "left") -> Codes:
    """Search as NumPy does, in the part that holds the values alone: a batch's customers lie together."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    first = np.searchsorted(ordered, values.min(), side="left")
    last = np.searchsorted(ordered, values.max(), side="right")
    return np.asarray(first + np.searchsorted(ordered[first:last], values, side=side), dtype=np.int64)


def _numbered(customer: Codes, order: Codes) -> Codes:
    """Give each order of each customer a number: an order of two customers is two orders."""
    by_both = np.lexsort((order, customer))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(customer[by_both]) != 0) | (np.diff(order[by_both]) != 0)
    numbered = np.empty(len(order), dtype=np.int64)
    numbered[by_both] = np.cumsum(new) - 1
    return numbered


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
