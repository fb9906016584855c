"""Why a thing is on a list: the figures a reason rests on. The mart `recommendations` words them.

Every figure can be recomputed from the purchases; the weights are those of the model itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from palette.recommendations.codes import Codes, Vector
from palette.recommendations.history import History
from palette.recommendations.hybrid import NAME, Moment
from palette.recommendations.models import POPULAR
from palette.recommendations.purchases import DAY

LEADING = 3
PAIRS_AT_A_TIME = 50_000
PAIRS_KNOWN = 1_000_000  # as many are kept in memory: most customers ask for the same ones
ITEMS_AT_A_TIME = 256

OWN, NEIGHBOURS, LAST_ORDER, POPULARITY = "own_purchases", "neighbours", "last_order", "popularity"

FACTS = (
    pa.field("rests_on", pa.string(), nullable=False),
    pa.field("orders", pa.int32()),
    pa.field("last_bought_on", pa.date32()),
    pa.field("interval_days", pa.float64()),
    pa.field("expected_on", pa.date32()),
    *(
        pa.field(f"{name}_{place}", kind)
        for name, kind in (("neighbour", pa.int32()), ("weight", pa.float64()), ("both", pa.int32()))
        for place in range(1, LEADING + 1)
    ),
    pa.field("set_number", pa.int32()),
    pa.field("rule_id", pa.int32()),
    pa.field("season_orders", pa.int32()),
    pa.field("season_lift", pa.float64()),
    pa.field("price", pa.float64()),
    pa.field("middle_price", pa.float64()),
)


@dataclass(frozen=True)
class Influences:
    """What of a customer's purchases speaks most for an item, rows x ``LEADING``, strongest first.

    ``item`` is -1 and ``weight`` 0 where nothing more does. ``both`` is the number of those (customers or
    orders) with both items.
    """

    item: Codes
    weight: Vector
    both: Codes


@dataclass(frozen=True)
class Reasons:
    """The reasons of a moment.

    Attributes
    ----------
    moment
        Whose customers and models.
    meetings
        How many hold both items of a pair, items x items, where that is not to be counted of the moment's own
        purchases: customers as ``buyers``, orders as ``orders``.
    """

    moment: Moment
    meetings: Mapping[str, csr_matrix] = field(default_factory=dict, repr=False)
    _met: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict), init=False, repr=False)

    def explain(
        self, list_name: str, customer: Codes, item: Codes, model: NDArray[np.object_]
    ) -> dict[str, pa.Array]:
        """Give the figures for rows of a list.

        Parameters
        ----------
        list_name
            The list.
        customer, item
            Codes, a row each.
        model
            Who ranked each row.

        Returns
        -------
        dict
            The columns of ``FACTS``. ``rests_on`` names the kind of reason: the customer's own orders with
            the item, their purchases that speak for it, the last order, or how many others bought it.
        """
        history = self.moment.history
        position, found = history.pairs.find(customer * history.shape[1] + item)
        own = found & (list_name != "push")
        facts = self._own(history, customer, item, position, own, expected=list_name == "again")
        if list_name == "push":
            kinds, asked = LAST_ORDER, [(np.arange(len(item)), "goes_with")]
        else:
            kinds, new = NEIGHBOURS, np.flatnonzero(~own)
            asked = [(new[model[new] == name], str(name)) for name in dict.fromkeys(model[new])]
        leading, weight, both = self._nothing(len(item))
        for rows, name in asked:
            if name in POPULAR or not len(rows):
                continue
            strongest = self.companions if list_name == "push" else self.influences
            told = strongest(customer[rows], item[rows], name)
            leading[rows], weight[rows], both[rows] = told.item, told.weight, told.both
        facts = _untold(len(item)) | facts
        rests_on = np.where(own, OWN, np.where(leading[:, 0] >= 0, kinds, POPULARITY))
        facts |= {"rests_on": pa.array(rests_on.astype(object), pa.string())}
        for place in range(LEADING):
            there = leading[:, place] >= 0
            if list_name == "push" and place:
                there = np.zeros_like(there)
            facts |= {
                f"neighbour_{place + 1}": _numbers(leading[:, place], there, pa.int32()),
                f"weight_{place + 1}": _numbers(weight[:, place].round(6), there, pa.float64()),
                f"both_{place + 1}": _numbers(both[:, place], there, pa.int32()),
            }
        return facts

    def influences(self, customer: Codes, item: Codes, model: str = NAME) -> Influences:
        """Find the purchases that weigh most for items.

        Parameters
        ----------
        customer, item
            Codes, a row each.
        model
            Who ranked the items. One whose score is no sum over purchases, as the hybrid's, is spoken for by
            EASE or, without it, by item-based cosine.
        """
        name = self._spokesman(model)
        if name is None:
            return Influences(*self._nothing(len(item)))
        history = self.moment.history
        owned = history.last_order if name == "goes_with" else history.bought
        return self._strongest(owned, "buyers", self._weights(name), customer, item)

    def companions(self, customer: Codes, item: Codes, _: str = NAME) -> Influences:
        """Find the purchases of the last order that items are ordered with most; counts are of orders."""
        if "goes_with" not in self.moment.models:
            return Influences(*self._nothing(len(item)))
        weights = self._weights("goes_with")
        return self._strongest(self.moment.history.last_order, "orders", weights, customer, item)

    def meetings_of(self, models: Iterable[str]) -> dict[str, csr_matrix]:
        """Count all pairs of items that a reason may join, for parts of the moment: see ``meetings``.

        Parameters
        ----------
        models
            Who ranks the items.
        """
        speaking = {name for model in models if (name := self._spokesman(model))}
        return {
            "buyers": _met(self._buyers, self._joined(speaking)),
            "orders": _met(self._orders, self._joined({"goes_with"} & self.moment.models.keys())),
        }

    def part(self, moment: Moment, meetings: Mapping[str, csr_matrix]) -> Self:
        """Return the reasons of some customers: their part of the moment, and counts of everybody."""
        return type(self)(moment, meetings)

    @cached_property
    def _buyers(self) -> csc_matrix:
        return self.moment.history.bought.tocsc()

    @cached_property
    def _orders(self) -> csc_matrix:
        return self.moment.history.baskets.tocsc()

    def _spokesman(self, model: str) -> str | None:
        """Name the model whose weights say why another one ranked an item; None where there is none."""
        for name in (model, "ease", "item_cosine"):
            state = self.moment.models[name].state if name in self.moment.models else {}
            if "weights" in state or "similarities" in state:
                return name
        return None

    def _joined(self, models: Iterable[str]) -> csr_matrix:
        """Tell which pairs of items the weights of models join, items x items."""
        none = csr_matrix((self.moment.history.shape[1],) * 2, dtype=bool)
        return sum((self._weights(model) > 0 for model in models), none)

    def _weights(self, model: str) -> csr_matrix:
        state = self.moment.models[model].state
        return csr_matrix(state.get("weights", state.get("similarities")))

    @staticmethod
    def _nothing(rows: int) -> tuple[Codes, Vector, Codes]:
        shape = (rows, LEADING)
        return np.full(shape, -1, dtype=np.int64), np.zeros(shape), np.zeros(shape, dtype=np.int64)

    @staticmethod
    def _own(
        history: History,
        customer: Codes,
        item: Codes,
        position: Codes,
        own: NDArray[np.bool_],
        *,
        expected: bool,
    ) -> dict[str, Any]:
        """Tell of what the customer bought before, and of the expected date."""
        orders, last = np.zeros(len(item)), np.zeros(len(item))
        orders[own], last[own] = history.pairs.orders[position[own]], history.pairs.last_age[position[own]]
        interval = np.full(len(item), np.nan)
        if expected:
            interval[own] = history.interval(customer[own], item[own])
        due = np.isfinite(interval)
        return {
            "orders": _numbers(orders, own, pa.int32()),
            "last_bought_on": _dates(history, -last, own),
            "interval_days": _numbers(interval, due, pa.float64()),
            "expected_on": _dates(history, interval - last, due),
        }

    def _strongest(
        self, owned: csr_matrix, counted: str, weights: csr_matrix, customer: Codes, item: Codes
    ) -> Influences:
        """Find each row's leading items of ``owned``, and count in ``counted`` where they meet the item."""
        leading, weight, both = self._nothing(len(item))
        for start in range(0, len(item), PAIRS_AT_A_TIME):
            part = slice(start, start + PAIRS_AT_A_TIME)
            leading[part], weight[part] = _leading(owned[customer[part]], weights, item[part])
        found = leading >= 0
        both[found] = self._meetings(
            counted, leading[found], np.broadcast_to(item[:, None], leading.shape)[found]
        )
        return Influences(leading, weight, both)

    def _meetings(self, counted: str, first: Codes, second: Codes) -> Codes:
        """Count the customers or orders that hold both items of each pair, those asked before from memory."""
        if counted in self.meetings:
            return _cells(self.meetings[counted], first, second)
        columns, known = getattr(self, f"_{counted}"), self._met[counted]
        pairs, inverse = np.unique(first * columns.shape[1] + second, return_inverse=True)
        counts = np.array([known.get(pair, -1) for pair in pairs.tolist()], dtype=np.int64)
        new = np.flatnonzero(counts < 0)
        for start in range(0, len(new), PAIRS_AT_A_TIME):
            part = new[start : start + PAIRS_AT_A_TIME]
            first, second = np.divmod(pairs[part], columns.shape[1])
            held = columns[:, first].multiply(columns[:, second])
            counts[part] = np.asarray(held.sum(axis=0)).ravel().round()
            if len(known) < PAIRS_KNOWN:
                known.update(zip(pairs[part].tolist(), counts[part].tolist(), strict=True))
        found: Codes = counts[inverse]
        return found


def _met(columns: csc_matrix, asked: csr_matrix) -> csr_matrix:
    """Count the rows that have both of two columns, of the pairs asked for, columns x columns."""
    rows, others = columns.astype(np.int32).tocsr(), columns.T.astype(np.int32).tocsr()
    asked = asked.tocoo()
    counts = np.zeros(len(asked.row), dtype=np.int32)
    for start in range(0, others.shape[0], ITEMS_AT_A_TIME):
        own = np.flatnonzero((asked.row >= start) & (asked.row < start + ITEMS_AT_A_TIME))
        met = others[start : start + ITEMS_AT_A_TIME] @ rows
        counts[own] = _cells(met, asked.row[own] - start, asked.col[own])
    return csr_matrix((counts, (asked.row, asked.col)), shape=asked.shape)


def _cells(matrix: csr_matrix, row: Codes, column: Codes) -> Codes:
    if not len(row):
        return np.zeros(0, dtype=np.int64)
    return np.asarray(matrix[row, column], dtype=np.int64).ravel()


def stated(rests_on: str, rows: pd.DataFrame) -> dict[str, pa.Array]:
    """Give the figures that rows of a list hold themselves.

    Parameters
    ----------
    rests_on
        The kind of reason, that of all rows.
    rows
        Columns that are among ``FACTS`` are told.

    Returns
    -------
    dict
        The columns of ``FACTS``.
    """
    told = {
        field.name: pa.array(rows[field.name], from_pandas=True).cast(field.type)
        for field in FACTS
        if field.name in rows
    }
    return _untold(len(rows)) | told | {"rests_on": pa.repeat(rests_on, len(rows))}


def _untold(rows: int) -> dict[str, pa.Array]:
    """Return the columns of ``FACTS``, all null."""
    return {field.name: pa.nulls(rows, field.type) for field in FACTS}


def _leading(
    rows: csr_matrix, weights: NDArray[np.float32] | csr_matrix, item: Codes
) -> tuple[Codes, Vector]:
    """Return each row's items of most weight for its item, and the weights; -1 and 0 for none above 0."""
    counts = np.diff(rows.indptr)
    wanted = np.repeat(item, counts)
    cells = np.asarray(weights[rows.indices, wanted], dtype=np.float64).ravel()
    cells[rows.indices == wanted] = 0
    leading = np.full((len(item), LEADING), -1, dtype=np.int64)
    weight = np.zeros((len(item), LEADING))
    some = np.flatnonzero(counts)
    starts = rows.indptr[:-1][some]
    owner = np.repeat(np.arange(len(some)), counts[some])
    for place in range(LEADING if len(some) else 0):
        best = np.maximum.reduceat(cells, starts)
        at = np.flatnonzero((cells == best[owner]) & (cells > 0))
        owners, firsts = np.unique(owner[at], return_index=True)
        leading[some[owners], place] = rows.indices[at[firsts]]
        weight[some[owners], place] = cells[at[firsts]]
        cells[at[firsts]] = 0
    return leading, weight


def _numbers(values: NDArray[Any], known: NDArray[np.bool_], kind: pa.DataType) -> pa.Array:
    """Return numbers, null where they are not known."""
    return pa.array(np.where(known, values, 0), kind, mask=~known)


def _dates(history: History, days: Vector, known: NDArray[np.bool_]) -> pa.Array:
    """Return the dates so many days after the moment; exact to the second, since midnight is near."""
    seconds = history.moment.timestamp() + np.round(np.where(known, days, 0) * DAY)
    return _numbers(np.floor(seconds / DAY).astype(np.int32), known, pa.int32()).cast(pa.date32())
