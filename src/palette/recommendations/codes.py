"""Codes of customers and items, and what is counted and found by them."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

Codes = NDArray[np.int64]
Vector = NDArray[np.float64]
NEVER = np.inf


def drawn(codes: Codes, most: int, seed: int) -> Codes:
    """Draw some of many, in order."""
    if len(codes) <= most:
        return codes
    found: Codes = np.sort(np.random.default_rng(seed).choice(codes, most, replace=False))
    return found


def sought(ordered: NDArray[Any], values: NDArray[Any], side: Literal["left", "right"] = "left") -> Codes:
    """Search as NumPy does, in the part that holds the values alone: a batch's customers lie together."""
    if not len(values):
        return np.zeros(0, dtype=np.int64)
    first = np.searchsorted(ordered, values.min(), side="left")
    last = np.searchsorted(ordered, values.max(), side="right")
    return np.asarray(first + np.searchsorted(ordered[first:last], values, side=side), dtype=np.int64)


def binary(customers: Codes, items: Codes, shape: tuple[int, int]) -> csr_matrix:
    """Return 1 where a customer and an item are named together, however often."""
    found = csr_matrix((np.ones(len(customers), dtype=np.float32), (customers, items)), shape=shape)
    found.data[:] = 1
    return found


def column_sums(matrix: csr_matrix) -> Vector:
    """Add up the cells of each column."""
    return np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()


def sums(codes: ArrayLike, values: ArrayLike | None, size: int) -> Vector:
    """Add up the values of each code; without values, count."""
    return np.bincount(codes, values, minlength=size).astype(np.float64)


def added_up(values: Vector, starts: Codes) -> Vector:
    """Add up values in order, from each start to the next."""
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


def ratio(parts: Vector, wholes: Vector) -> Vector:
    """Divide, NaN where there is no whole."""
    found: Vector = np.divide(parts, wholes, out=np.full(len(wholes), np.nan), where=wholes > 0)
    return found


def last_of(codes: Codes, values: NDArray[Any], size: int, otherwise: float = NEVER) -> NDArray[Any]:
    """Return the last value that is given for each code."""
    found = np.full(size, otherwise)
    found[codes] = values
    return found


def first_of(codes: Codes, values: NDArray[Any], size: int, otherwise: float = NEVER) -> NDArray[Any]:
    """Return the first value that is given for each code."""
    return last_of(codes[::-1], values[::-1], size, otherwise)
