"""What a model thinks of every item for a batch of customers, in the form that tells it soonest.

A form gives the best items of each customer, and the scores of pairs that somebody else named. Customers are
rows 0 and up of what was asked for, items are codes.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from implicit.cpu.topk import topk
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from palette.recommendations.codes import Codes

Cells = NDArray[np.float32]
Mask = NDArray[np.bool_]

KEPT = 200  # of each customer's best items are kept at hand
FIRST = 4  # times as many items as asked for are looked at, then those kept, then all
SAMPLED = 8  # one place of so many tells where the best of all begin
FEW = 100  # items allowed of a customer are looked at one by one
EVERYBODY = slice(None)
LEAST = np.finfo(np.float32).smallest_subnormal
HALF, ALL_BITS = np.uint64(32), np.uint64(2**32 - 1)


class Scores(Protocol):
    """Scores of customers' items: the higher, the more fitting; 0 where nothing is known."""

    def leading(self, count: int, rows: Codes | slice = EVERYBODY) -> tuple[Codes, Cells]:
        """Return some customers' best items, best first, and the scores, customers x at most ``count``.

        Items without a score above 0 are none of them: there the item is -1 and the score 0.
        """
        ...

    def at(self, row: Codes, item: Codes) -> Cells:
        """Return the scores of pairs of a customer and an item."""
        ...

    def all(self, rows: Codes | slice = EVERYBODY) -> Cells:
        """Return all scores of some customers, customers x items: few enough for a cell an item."""
        ...


@dataclass(frozen=True)
class Dense:
    """A cell for each score, customers x items: of a batch of customers (``hybrid.batches``)."""

    cells: Cells

    @classmethod
    def of(cls, rows: csr_matrix) -> "Dense":
        """Take scores that most items have none of, customers x items."""
        return cls(rows.astype(np.float32, copy=False).toarray())

    @classmethod
    def product(cls, customers: csr_matrix, items: csr_matrix) -> "Dense":
        """Multiply customers x something by something x items."""
        # By SciPy: sp_matmul of sparse_dot_topn writes beyond its memory where weights add up to exactly 0.
        return cls.of(customers.astype(np.float32, copy=False) @ items.astype(np.float32, copy=False))

    def leading(self, count: int, rows: Codes | slice = EVERYBODY) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        if count > KEPT:
            return best_of(self.cells[rows], count)
        items, scores = self._first
        return items[rows, :count], scores[rows, :count]

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`."""
        found: Cells = self.cells[row, item]
        return found

    def all(self, rows: Codes | slice = EVERYBODY) -> Cells:
        """See :class:`Scores`."""
        return self.cells[rows]

    @cached_property
    def _first(self) -> tuple[Codes, Cells]:
        """Everybody's ``KEPT`` best, which are asked for again and again."""
        return best_of(self.cells, KEPT)


@dataclass(frozen=True)
class Shared:
    """Scores that whole groups of customers share.

    Attributes
    ----------
    group
        Of each customer.
    table, order
        Scores and best items of each group, groups x items.
    """

    group: Codes
    table: Cells
    order: Codes

    def leading(self, count: int, rows: Codes | slice = EVERYBODY) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        items = self.order[:, :count]
        scores = np.take_along_axis(self.table, items, axis=1)
        group = self.group[rows]
        return np.where(scores > 0, items, -1)[group], np.maximum(scores, 0)[group]

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = self.table[self.group[row], item]
        return cells

    def all(self, rows: Codes | slice = EVERYBODY) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = self.table[self.group[rows]]
        return cells


@dataclass(frozen=True)
class Factors:
    """Scores that are products of a customer's factors and an item's."""

    customers: Cells
    items: Cells

    def leading(self, count: int, rows: Codes | slice = EVERYBODY) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        asked = self.customers[rows]
        if not len(asked):
            return np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
        items, scores = topk(self.items, asked, min(count, len(self.items)), num_threads=1)
        return np.where(scores > 0, items, -1).astype(np.int64), np.maximum(scores, 0)

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = np.einsum("ij,ij->i", self.customers[row], self.items[item])
        return cells

    def all(self, rows: Codes | slice = EVERYBODY) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = self.customers[rows] @ self.items.T
        return cells


def best_allowed(scores: Scores, allowed: Mask, count: int, rows: Codes | None = None) -> tuple[Codes, Cells]:
    """Return the best items of some customers among those that are allowed.

    Parameters
    ----------
    scores
        Of customers.
    allowed
        Which items each of the customers asked for may get, customers x items.
    count
        How many.
    rows
        Which of the customers are asked for; all of them when None.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Items, -1 after the last, and their scores, customers x ``count``; of a score above 0 only.
    """
    asked = np.arange(len(allowed)) if rows is None else rows
    found = np.full((len(asked), count), -1, dtype=np.int64)
    best = np.zeros((len(asked), count), dtype=np.float32)
    few = np.count_nonzero(allowed, axis=1) <= FEW
    for own, look in ((np.flatnonzero(few), _among_few), (np.flatnonzero(~few), _among_many)):
        if len(own):
            found[own], best[own] = look(scores, allowed[own], count, asked[own])
    return found, best


def _among_few(scores: Scores, allowed: Mask, count: int, rows: Codes) -> tuple[Codes, Cells]:
    """Look at nothing but what is allowed."""
    place, item = places(allowed)
    values = scores.at(rows[place], item)
    known = values > 0
    return by_score(place[known], item[known], values[known], len(allowed), count)


def _among_many(scores: Scores, allowed: Mask, count: int, rows: Codes) -> tuple[Codes, Cells]:
    """Look at everybody's first few, among which most find theirs, and at more of who does not."""
    found, best = np.full((len(rows), count), -1, dtype=np.int64), np.zeros((len(rows), count), np.float32)
    short = np.arange(len(rows))
    for depth in sorted({min(FIRST * count, KEPT), KEPT}):
        items, values = scores.leading(depth, rows[short])
        mine = (items >= 0) & allowed[short[:, None], items]
        rank = mine.cumsum(axis=1)
        place, at = places(mine & (rank <= count))
        where = short[place], rank[place, at] - 1
        found[where], best[where] = items[place, at], values[place, at]
        more = items.shape[1] == depth and items[:, -1] >= 0
        short = short[(found[short, -1] < 0) & more]
        if not len(short):
            return found, best
    every = np.where(allowed[short], scores.all(rows[short]), 0)
    found[short], best[short] = _padded(best_of(every, count), count)
    return found, best


def best_of(cells: Cells, count: int) -> tuple[Codes, Cells]:
    """Return the places of the highest cells above 0 of each row, highest first and equal ones by place.

    Parameters
    ----------
    cells
        Rows x places.
    count
        How many.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Places, -1 after the last, and the cells, rows x at most ``count``.
    """
    border = np.full(len(cells), LEAST)
    if count < cells.shape[1]:
        # A border that is low enough, most likely, from some of the places; one from all where it is not.
        some = cells[:, ::SAMPLED]
        border = np.maximum(border, nth_of(some, min(count * 3 // (2 * SAMPLED) + SAMPLED, some.shape[1])))
        few = (np.count_nonzero(cells >= border[:, None], axis=1) < count) & (border > LEAST)
        border[few] = np.maximum(nth_of(cells[few], count), LEAST)
    place, item = places(cells >= border[:, None])
    width = min(count, int(np.bincount(place).max(initial=0)))
    return by_score(place, item, cells[place, item], len(cells), width)


def nth_of(cells: Cells, nth: int) -> Cells:
    """Return the highest cell but ``nth`` - 1 of each row."""
    # Of the negatives: where most are 0, NumPy takes ten times as long to find a place near the end.
    found: Cells = -np.partition(-cells, nth - 1, axis=1)[:, nth - 1]
    return found


def places(mask: Mask) -> tuple[Codes, Codes]:
    """Return row and column of what is true: three times as fast as NumPy's nonzero of two dimensions."""
    return np.divmod(np.flatnonzero(mask), max(mask.shape[1], 1))


def ranks_in(row: Codes) -> Codes:
    """Count how many came before each within its row, of what is given by row."""
    found: Codes = np.arange(len(row)) - np.searchsorted(row, row)
    return found


def in_places(row: Codes, item: Codes, rows: int, count: int) -> Codes:
    """Put items that are given by row, best first, into rows x ``count`` places, -1 after the last."""
    place = ranks_in(row)
    found = np.full((rows, count), -1, dtype=np.int64)
    shown = place < count
    found[row[shown], place[shown]] = item[shown]
    return found


def by_score(place: Codes, item: Codes, values: Cells, rows: int, count: int) -> tuple[Codes, Cells]:
    """Put scores above 0 of each row, given by row, in order: the highest first, equal ones by item."""
    starts = np.searchsorted(place, np.arange(rows + 1))
    width = int(np.diff(starts).max(initial=0))
    ranks = np.full((rows, width), np.iinfo(np.uint64).max)
    # Positive numbers are in the order of their bits: one whole number ranks by score, then by item.
    bits = ALL_BITS - values.view(np.uint32).astype(np.uint64)
    ranks[place, np.arange(len(place)) - starts[place]] = bits << HALF | item.astype(np.uint64)
    ranks.sort(axis=1)
    ranks = ranks[:, :count]
    known = ranks < np.iinfo(np.uint64).max
    items = np.where(known, (ranks & ALL_BITS).astype(np.int64), -1)
    scores = np.where(known, ALL_BITS - (ranks >> HALF), 0).astype(np.uint32).view(np.float32)
    return _padded((items, scores), count)


def _padded(best: tuple[Codes, Cells], count: int) -> tuple[Codes, Cells]:
    """Add places without an item."""
    items, scores = best
    beyond = ((0, 0), (0, count - items.shape[1]))
    return np.pad(items, beyond, constant_values=-1), np.pad(scores, beyond)
