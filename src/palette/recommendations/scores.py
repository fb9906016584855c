"""What a model thinks of every item for some customers, in forms that hold no cell for each of them.

A form gives the best items of each customer, and the scores of pairs that somebody else named. Customers are
rows 0 and up of what was asked for, items are codes.
"""

import os
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from implicit.cpu.topk import topk
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, identity
from sparse_dot_topn import sp_matmul_topn

from palette.recommendations.history import Codes

Cells = NDArray[np.float32]
Mask = NDArray[np.bool_]

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
FIRST = 4  # times as many items as asked for are looked at before all are


class Scores(Protocol):
    """Scores of customers' items: the higher, the more fitting; 0 where nothing is known."""

    def leading(self, count: int) -> tuple[Codes, Cells]:
        """Return each customer's best items, best first, and their scores, customers x at most ``count``.

        Items without a score above 0 are none of them: there the item is -1 and the score 0.
        """
        ...

    def at(self, row: Codes, item: Codes) -> Cells:
        """Return the scores of pairs of a customer and an item."""
        ...


@dataclass(frozen=True)
class Sparse:
    """Scores that most items have none of: a sparse matrix, each row's best first."""

    rows: csr_matrix

    @classmethod
    def product(cls, customers: csr_matrix, items: csr_matrix) -> "Sparse":
        """Multiply customers x something by something x items."""
        found = sp_matmul_topn(
            customers.astype(np.float32), items, top_n=items.shape[1], sort=True, n_threads=THREADS
        )
        return cls(found)

    @classmethod
    def of(cls, rows: csr_matrix) -> "Sparse":
        """Take scores as they are."""
        return cls.product(rows, identity(rows.shape[1], dtype=np.float32, format="csr"))

    def leading(self, count: int) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        starts, ends = self.rows.indptr[:-1], self.rows.indptr[1:]
        width = min(count, int((ends - starts).max(initial=0)))
        at = starts[:, None] + np.arange(width)
        there = at < ends[:, None]
        at = np.where(there, at, 0)
        if not self.rows.nnz:
            return np.full(at.shape, -1, dtype=np.int64), np.zeros(at.shape, dtype=np.float32)
        scores = np.where(there, self.rows.data[at], 0).astype(np.float32)
        return np.where(scores > 0, self.rows.indices[at], -1).astype(np.int64), np.maximum(scores, 0)

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`; the customers are few enough for a cell an item (``hybrid.batches``)."""
        cells: Cells = self.rows.toarray()[row, item]
        return cells


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

    def leading(self, count: int) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        items = self.order[:, :count]
        scores = np.take_along_axis(self.table, items, axis=1)
        return np.where(scores > 0, items, -1)[self.group], np.maximum(scores, 0)[self.group]

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = self.table[self.group[row], item]
        return cells


@dataclass(frozen=True)
class Factors:
    """Scores that are products of a customer's factors and an item's."""

    customers: Cells
    items: Cells

    def leading(self, count: int) -> tuple[Codes, Cells]:
        """See :class:`Scores`."""
        if not len(self.customers):
            return np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0), dtype=np.float32)
        items, scores = topk(self.items, self.customers, min(count, len(self.items)), num_threads=THREADS)
        return np.where(scores > 0, items, -1).astype(np.int64), np.maximum(scores, 0)

    def at(self, row: Codes, item: Codes) -> Cells:
        """See :class:`Scores`."""
        cells: Cells = np.einsum("ij,ij->i", self.customers[row], self.items[item])
        return cells


def best_allowed(scores: Scores, allowed: Mask, count: int) -> tuple[Codes, Cells]:
    """Return each customer's best items among those that are allowed.

    Parameters
    ----------
    scores
        Of some customers.
    allowed
        Which items each of them may get, customers x items.
    count
        How many.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Items, -1 after the last, and their scores, customers x ``count``; of a score above 0 only.
    """
    rows = len(allowed)
    found = np.full((rows, count), -1, dtype=np.int64)
    best = np.zeros((rows, count), dtype=np.float32)
    short = np.arange(rows)
    for depth in (FIRST * count, allowed.shape[1]):
        items, values = scores.leading(depth)
        items, values = items[short], values[short]
        taken = (items >= 0) & allowed[short[:, None], items]
        place = np.cumsum(taken, axis=1) - 1
        row, at = np.nonzero(taken & (place < count))
        found[short[row], place[row, at]] = items[row, at]
        best[short[row], place[row, at]] = values[row, at]
        width = items.shape[1]
        short = short[(taken.sum(axis=1) < count) & (items[:, -1] >= 0)] if width else short[:0]
        if not len(short) or width < depth:
            break
    return found, best
