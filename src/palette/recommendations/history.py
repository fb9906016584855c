"""What the purchases that were known at a moment tell of items, customers and super-categories."""

from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from palette.recommendations.codes import (
    NEVER,
    Codes,
    Vector,
    binary,
    column_sums,
    first_of,
    last_of,
    ratio,
    sought,
    sums,
)
from palette.recommendations.known import Known, of_all, of_each
from palette.recommendations.purchases import DAY

WORD = r"[^\W\d_]{2,}"
COMMON, FEW_ITEMS = 0.1, 100  # a word of more than this share of the items, and of so many, tells nothing
LAST_DAYS, AS_USUAL = 28, 2  # that tell what is rebought lately, and owners added to those asked
A_DAY = 1 + 1e-6  # purchases less than a day apart are no interval; ages are not exact to the second


class History(Known):
    """Purchases up to a moment, and what they tell of items and customers."""

    # ---- items

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

    @of_all
    def buyers(self) -> Vector:
        """Count the customers who bought each item."""
        return column_sums(self.bought)

    def buyers_within(self, days: int, *, first_day: float | None = None) -> Vector:
        """Count the customers who bought each item in a span of days, by default the last ones."""
        return column_sums(self.within(days if first_day is None else first_day, days))

    @of_all
    def first_sold(self) -> Vector:
        """Days since each item was first sold; ``NEVER`` for none."""
        return first_of(self._item, self._age, self.shape[1])

    @of_all
    def last_sold(self) -> Vector:
        """Days since each item was last sold; ``NEVER`` for none."""
        return last_of(self._item, self._age, self.shape[1])

    @of_all
    def price(self) -> Vector:
        """Mean price of a unit of each item; NaN for none."""
        amount = sums(self._item, self.lines["amount"], self.shape[1])
        return ratio(amount, sums(self._item, self.lines["units"], self.shape[1]))

    @of_all
    def usual_interval(self) -> Vector:
        """Median over an item's repeat buyers of their mean days between orders with it; NaN for none."""
        span = self.pairs.first_age - self.pairs.last_age
        repeated = (self.pairs.orders > 1) & (span > A_DAY)
        own = span[repeated] / (self.pairs.orders[repeated] - 1)
        item = self.pairs.key[repeated] % self.shape[1]
        medians = pd.Series(own).groupby(item).median().reindex(range(self.shape[1]))
        return np.asarray(medians, dtype=np.float64)

    @of_all
    def repeat_rate(self) -> Vector:
        """Share of an item's buyers who bought it in more than one order."""
        item = self.pairs.key[self.pairs.orders > 1] % self.shape[1]
        return sums(item, None, self.shape[1]) / np.maximum(self.buyers, 1)

    @of_all
    def lately_rebought(self) -> Vector:
        """Share of those who had bought an item before the last days, and ordered in them, who rebought it.

        As if ``AS_USUAL`` more had been asked, who rebuy it as often as any item is rebought.
        """
        customer, item = np.divmod(self.pairs.key, self.shape[1])
        asked = (self.pairs.first_age >= LAST_DAYS) & (self.last_age[customer] < LAST_DAYS)
        again = asked & (self.pairs.last_age < LAST_DAYS)
        rebought, owners = (sums(item[of], None, self.shape[1]) for of in (again, asked))
        usual = rebought.sum() / max(owners.sum(), 1)
        return np.asarray((rebought + AS_USUAL * usual) / (owners + AS_USUAL))

    @of_all
    def online(self) -> NDArray[np.bool_]:
        """Whether each item was bought online."""
        return sums(self._item, self.lines["online"], self.shape[1]) > 0

    @cached_property
    def words(self) -> csr_matrix:
        """1 where the item's name has the word, words x items: of those sold, the words that some share."""
        items = self.purchases.items
        names = items["item_name"] if "item_name" in items else pd.Series("", items.index)
        found = names.where(self.buyers > 0, "").fillna("").str.lower().str.findall(WORD).explode().dropna()
        words, known = pd.factorize(found)
        named = binary(words, found.index.to_numpy(), (len(known), self.shape[1]))
        shared = np.diff(named.indptr)
        return named[(shared > 1) & (shared <= max(COMMON * self.shape[1], FEW_ITEMS))]

    # ---- customers

    @cached_property
    def customer_items(self) -> Vector:
        """Number of items in all orders of each customer."""
        return sums(self.line_customer, None, self.shape[0])

    @cached_property
    def frequency(self) -> Vector:
        """Order lines of each customer, as in the mart `customer_rfm`."""
        return sums(self.line_customer, self.lines["order_lines"], self.shape[0])

    @of_each
    def recency(self) -> Vector:
        """Days from each customer's last order to the day after the last of all; ``NEVER`` for none.

        As in the mart `customer_rfm`: in calendar days, or in whole days of 24 hours.
        """
        if not len(self.lines):
            return np.full(self.shape[0], NEVER)
        time = self.lines["time"].to_numpy()
        last, latest = last_of(self.line_customer, time, self.shape[0], -NEVER), time[-1]
        return recency_of(last, latest, self.purchases.recency_unit, self._midnight)

    @cached_property
    def last_age(self) -> Vector:
        """Days since each customer's last order; ``NEVER`` for none."""
        return last_of(self.line_customer, self._age, self.shape[0])

    @cached_property
    def first_age(self) -> Vector:
        """Days since each customer's first order; ``NEVER`` for none."""
        return first_of(self.line_customer, self._age, self.shape[0])

    @cached_property
    def monetary(self) -> Vector:
        """What each customer paid in all, less what was given back by then where scores look at net money.

        Rounded, so that the order of the sum decides nothing.
        """
        back = self.purchases.money_back
        back = back[back["time"] <= -self.days_back * DAY] if self.days_back else back
        return (self.paid - sums(back["customer"], back["amount"], self.shape[0])).round(6)

    @cached_property
    def paid(self) -> Vector:
        """What each customer paid for all that they bought."""
        return sums(self.line_customer, self.lines["amount"], self.shape[0])

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
        counted = {name: sums(orders["customer"], then, self.shape[0]) for name, then in when.items()}
        return {name: count / total for name, count in counted.items()}

    @cached_property
    def online_share(self) -> Vector:
        """Share of each customer's items that were bought online; 0 without any."""
        online = sums(self.line_customer, self.lines["online"], self.shape[0])
        return np.asarray(online / np.maximum(self.customer_items, 1))

    @cached_property
    def offline_only(self) -> NDArray[np.bool_]:
        """Whether each customer bought offline and never online."""
        return np.asarray((self.customer_orders > 0) & (self.online_share == 0))

    @cached_property
    def log_price(self) -> Vector:
        """Mean logarithm of the prices of what each customer bought; NaN for none."""
        prices = np.log(np.maximum(self.price[self._item], 1e-9))
        return ratio(sums(self.line_customer, prices, self.shape[0]), self.customer_items)

    def orders_within(self, days: int) -> Vector:
        """Count the orders of each customer in the last days."""
        return sums(self._orders["customer"], self._orders["age"] < days, self.shape[0])

    def orders_since(self, customer: Codes, age: Vector, *, inclusive: bool = False) -> Vector:
        """Count each customer's orders that are younger than an age in days, or of that age as well."""
        count = sought(self._order_keys, customer * self._stride + age, "right" if inclusive else "left")
        start = sought(self._order_keys, customer * self._stride)
        return (count - start).astype(np.float64)

    @of_each
    def scores(self) -> Codes:
        """R, F and M score of each customer, customers x 3, as in the mart `customer_rfm`.

        Quintiles 1 to 5, 5 best; 0 for no purchases.
        """
        return rfm_scores(self.recency, self.frequency, self.monetary)

    @cached_property
    def rfm_score(self) -> Codes:
        """100 R + 10 F + M of each customer, as in the mart `customer_rfm`; 0 for no purchases."""
        found: Codes = self.scores @ np.array([100, 10, 1])
        return found

    @cached_property
    def _stride(self) -> float:
        return float(np.ceil(self.lines["age"].max())) + 2.0 if len(self.lines) else 1.0

    @cached_property
    def _order_keys(self) -> Vector:
        keys = self._orders["customer"].to_numpy() * self._stride + self._orders["age"].to_numpy()
        return np.sort(keys)

    # ---- super-categories

    @of_all
    def categories(self) -> tuple[Codes, int]:
        """Code of each item's super-category, and their number."""
        codes, names = pd.factorize(self.purchases.items["super_category"].astype(object), sort=True)
        return codes.astype(np.int64), len(names)

    @cached_property
    def category_share(self) -> NDArray[np.float64]:
        """Share of each super-category in a customer's lines, customers x categories; 0 without purchases."""
        codes, count = self.categories
        cells = sums(self.line_customer * count + codes[self._item], None, self.shape[0] * count)
        return cells.reshape(-1, count) / np.maximum(self.customer_items, 1)[:, None]

    @of_all
    def usual_share(self) -> Vector:
        """Share of each super-category in all lines."""
        codes, count = self.categories
        return np.bincount(codes[self._item], minlength=count) / max(len(self.lines), 1)


def recency_of(last: Vector, latest: float, unit: str, midnight: float = 0.0) -> Vector:
    """Return the days from customers' last orders to the day after the last of all, as in `customer_rfm`.

    Parameters
    ----------
    last
        Seconds of each customer's last order; ``-NEVER`` for none.
    latest
        Seconds of the last order of all.
    unit
        ``calendar_days``, or ``elapsed_days`` of 24 hours.
    midnight
        Seconds of its day that had passed at second 0.
    """
    if unit == "calendar_days":
        since = np.floor((latest + midnight) / DAY) - np.floor((last + midnight) / DAY) + 1
    else:
        since = np.floor((latest - last) / DAY) + 1
    return np.where(np.isfinite(last), since, NEVER)


def rfm_scores(recency: Vector, frequency: Vector, monetary: Vector) -> Codes:
    """Return R, F and M scores, customers x 3, as in the mart `customer_rfm`.

    Quintiles 1 to 5, 5 best; 0 for those whose ``recency`` is ``NEVER``.
    """
    known = np.isfinite(recency)
    scores = np.zeros((len(recency), 3), dtype=np.int64)
    for place, measure in enumerate((recency, frequency, monetary)):
        if known.any():
            edges = np.quantile(measure[known], [0.2, 0.4, 0.6, 0.8])
            quintile = 1 + np.searchsorted(edges, measure[known], side="left")
            scores[known, place] = quintile if place else 6 - quintile
    return scores


def segment_names(score: Codes, segments: pd.DataFrame) -> NDArray[np.object_]:
    """Return the RFM segment of each score (100 R + 10 F + M), ``none`` where no range holds it.

    ``segments`` are the rows of the seed `rfm_segments`.
    """
    found = np.full(len(score), "none", dtype=object)
    for name, low, high in segments[["rfm_segment", "score_from", "score_to"]].itertuples(index=False):
        found[(score >= low) & (score <= high)] = name
    return found
