"""What a model thinks of every item for some customers, in forms that hold no cell for each of them.

A form gives the best items of each customer, and the scores of pairs that somebody else named. Customers are
rows 0 and up of what was asked for, items are codes.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from implicit.cpu.topk import topk
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from palette.recommendations.history import Codes

Cells = NDArray[np.float32]
Mask = NDArray[np.bool_]

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
FIRST = 4  # times as many items as asked for are looked at, then as many times more again
KEPT = 200  # of each customer's best items are kept at hand
EVERYBODY = slice(None)
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


@dataclass(frozen=True)
class Sparse:
    """Scores that most items have none of: a sparse matrix, customers x items."""

    rows: csr_matrix

    @classmethod
    def product(cls, customers: csr_matrix, items: csr_matrix) -> "Sparse":
        """Multiply customers x something by something x items."""
        # By SciPy: sp_matmul of sparse_dot_topn writes beyond its memory where weights add up to exactly 0.
        return cls(csr_matrix(customers.astype(np.float32) @ items.astype(np.float32)))

    def leading(self, count: int, rows: Codes | slice = EVERYBODY) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        if count > KEPT:
            return self._best(count, rows)
        items, scores = self._first
        return items[rows, :count], scores[rows, :count]

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`; the customers are few enough for a cell an item (``hybrid.batches``)."""
        cells: Cells = self.rows.toarray()[row, item]
        return cells

    @cached_property
    def _first(self) -> tuple[Codes, Cells]:
        """Everybody's ``KEPT`` best, which are asked for again and again."""
        return self._best(KEPT, EVERYBODY)

    def _best(self, count: int, rows: Codes | slice) -> tuple[Codes, Cells]:
        """Return the best of some rows; equal ones by item."""
        starts, ends = self.rows.indptr[:-1][rows], self.rows.indptr[1:][rows]
        width = int((ends - starts).max(initial=0))
        if not width:
            return np.full((len(starts), 0), -1, dtype=np.int64), np.zeros((len(starts), 0), dtype=np.float32)
        at = starts[:, None] + np.arange(width, dtype=starts.dtype)
        there = at < ends[:, None]
        at[~there] = 0
        scores, items = self.rows.data[at], self.rows.indices[at]
        # Positive numbers are in the order of their bits: one whole number ranks by score, then by item.
        ranks = (ALL_BITS - scores.view(np.uint32).astype(np.uint64)) << HALF | items.astype(np.uint64)
        ranks[~there | (scores <= 0)] = np.iinfo(np.uint64).max
        if count < width:
            ranks = np.partition(ranks, count - 1, axis=1)[:, :count]
        ranks.sort(axis=1)
        known = ranks < np.iinfo(np.uint64).max
        best = np.where(known, (ranks & ALL_BITS).astype(np.int64), -1)
        bits = np.where(known, ALL_BITS - (ranks >> HALF), 0).astype(np.uint32)
        return best, bits.view(np.float32)


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
        items, scores = topk(self.items, asked, min(count, len(self.items)), num_threads=THREADS)
        return np.where(scores > 0, items, -1).astype(np.int64), np.maximum(scores, 0)

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = np.einsum("ij,ij->i", self.customers[row], self.items[item])
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
    short, depth = np.arange(len(asked)), 0
    while len(short) and depth < allowed.shape[1]:  # most find theirs among the first few
        depth = min(FIRST * max(count, depth), allowed.shape[1])
        items, values = scores.leading(depth, asked[short])
        if not items.shape[1]:
            break
        taken = (items >= 0) & allowed[short[:, None], items]
        place = np.cumsum(taken, axis=1) - 1
        row, at = np.nonzero(taken & (place < count))
        found[short[row], place[row, at]] = items[row, at]
        best[short[row], place[row, at]] = values[row, at]
        more = items.shape[1] == depth
        short = short[(place[:, -1] + 1 < count) & (items[:, -1] >= 0) & more]
    return found, best


def all_allowed(scores: Scores, allowed: Mask, count: int, rows: Codes) -> Codes:
    """Return the items that :func:`best_allowed` does, looking at no others: for few that are allowed."""
    place, item = np.nonzero(allowed)
    values = scores.at(rows[place], item)
    known = values > 0
    place, item, values = place[known], item[known], values[known]
    order = np.lexsort((item, -values, place))
    place, item = place[order], item[order]
    rank = np.arange(len(place)) - np.searchsorted(place, place)
    found = np.full((len(allowed), count), -1, dtype=np.int64)
    shown = rank < count
    found[place[shown], rank[shown]] = item[shown]
    return found
