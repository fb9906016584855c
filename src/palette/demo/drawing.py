"""Draws by weight, and the types of what is drawn."""

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]
Rng = np.random.Generator
Columns = dict[str, npt.NDArray[Any]]
"""Columns of one length by name."""


def choose(weights: npt.ArrayLike, count: int, rng: Rng) -> Ints:
    """Draw indices by weight."""
    table = np.asarray(weights, dtype=np.float64)[None, :]
    return draw_rows(table, np.zeros(count, dtype=np.int64), rng)


def draw_rows(weights: Floats, row: Ints, rng: Rng) -> Ints:
    """Draw a column for each row number given, by the weights in that row of the table."""
    cumulated = np.cumsum(weights, axis=1)
    cumulated /= cumulated[:, -1:]
    cumulated += np.arange(len(weights))[:, None]
    columns = weights.shape[1]
    drawn = np.searchsorted(cumulated.ravel(), row + rng.random(len(row)), side="right") - row * columns
    within: Ints = drawn.clip(0, columns - 1)
    return within


def draw_without_replacement(log_weight: Floats, sizes: Ints, rng: Rng) -> Bools:
    """Draw `sizes` columns of every row without replacement, by weight (Gumbel top-k)."""
    keys = log_weight + rng.gumbel(size=log_weight.shape)
    best = np.argsort(-keys, axis=1, kind="stable")[:, : sizes.max()]
    drawn = np.zeros(log_weight.shape, dtype=bool)
    np.put_along_axis(drawn, best, np.arange(best.shape[1]) < sizes[:, None], axis=1)
    return drawn


def shares_of(weights: npt.ArrayLike) -> Floats:
    """Divide weights by their sum."""
    values: Floats = np.asarray(weights, dtype=np.float64)
    shares: Floats = values / values.sum()
    return shares


def number_within(groups: Ints) -> Ints:
    """Count from 1 within each run of equal values."""
    row = np.arange(len(groups))
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]][: len(groups)])
    return row - np.repeat(starts, np.diff(np.r_[starts, len(groups)])) + 1
