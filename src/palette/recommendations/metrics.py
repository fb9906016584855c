"""How good lists of recommendations are, and how sure of it a number of customers makes one.

Every metric has a value a customer, so that methods can be compared customer by customer: the interval of
the difference of two methods is :meth:`Bootstrap.interval` of the differences. Only coverage belongs to all
lists together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]
Metrics = dict[tuple[str, int], Floats]

KS = (5, 10, 20)
RESAMPLES = 500
INTERVAL = (0.025, 0.975)
SAME = 1e-12  # differences that vary less are those of rounding


def ranking_metrics(hits: NDArray[np.bool_], relevant: Codes, ks: Sequence[int] = KS) -> Metrics:
    """Measure how many of the relevant items the lists hold, and how far up.

    Parameters
    ----------
    hits
        (customers, depth), whether the item at rank 1, 2, ... of the customer's list is relevant. Places
        without an item are False, as are all beyond the depth.
    relevant
        (customers,), number of relevant items of the customer, in the list or not; at least 1.
    ks
        Lengths at which the lists are cut.

    Returns
    -------
    dict of (str, int) to array
        By metric and k, a value a customer, 0 to 1. ``recall``: hits in the first k by relevant items.
        ``precision``: hits in the first k by k, also where the list is shorter. ``map``: average precision,
        the sum over the hits in the first k of the precision at their rank, by the lesser of k and relevant
        items. ``ndcg``: sum over the hits in the first k of 1 / log2(rank + 1), by the same sum for a list
        that begins with all relevant items. ``hit_rate``: 1 if there is a hit in the first k.

    Raises
    ------
    ValueError
        If a customer has no relevant item.
    """
    if np.any(relevant < 1):
        raise ValueError("every customer needs at least one relevant item")
    longest = max(ks)
    cut = hits[:, :longest]
    padded = np.pad(cut, ((0, 0), (0, longest - cut.shape[1])))
    ranks = np.arange(1, longest + 1)
    discounts = 1 / np.log2(ranks + 1)
    found = np.cumsum(padded, axis=1)
    precision_sums = np.cumsum(padded * found / ranks, axis=1)
    gains = np.cumsum(padded * discounts, axis=1)
    ideal_gains = np.cumsum(discounts)
    metrics: Metrics = {}
    for k in ks:
        reachable = np.minimum(k, relevant)
        metrics["recall", k] = found[:, k - 1] / relevant
        metrics["precision", k] = found[:, k - 1] / k
        metrics["map", k] = precision_sums[:, k - 1] / reachable
        metrics["ndcg", k] = gains[:, k - 1] / ideal_gains[reachable - 1]
        metrics["hit_rate", k] = (found[:, k - 1] > 0).astype(np.float64)
    return metrics


def novelty(items: Codes, popularity: Floats, ks: Sequence[int] = KS) -> Metrics:
    """Measure how little known the recommended items are.

    Parameters
    ----------
    items
        (customers, depth), codes of the recommended items by rank, -1 where there is none.
    popularity
        (items,), share of customers that bought the item, above 0 and at most 1.
    ks
        Lengths at which the lists are cut.

    Returns
    -------
    dict of (str, int) to array
        By ``novelty`` and k, a value a customer in bits: the mean of -log2(popularity) over the first k
        items. NaN where there are none.

    Raises
    ------
    ValueError
        If a popularity is not above 0 and at most 1, or an item has no popularity.
    """
    if not np.all((popularity > 0) & (popularity <= 1)):
        raise ValueError("popularities must be above 0 and at most 1")
    bits = _of_items(-np.log2(popularity), items)
    is_item = items >= 0
    return {("novelty", k): _ratio(bits[:, :k].sum(axis=1), is_item[:, :k].sum(axis=1)) for k in ks}


def diversity(items: Codes, categories: Codes, ks: Sequence[int] = KS) -> Metrics:
    """Measure how mixed the lists are.

    Parameters
    ----------
    items
        (customers, depth), codes of the recommended items by rank, -1 where there is none.
    categories
        (items,), code of the item's category.
    ks
        Lengths at which the lists are cut.

    Returns
    -------
    dict of (str, int) to array
        By ``diversity`` and k, a value a customer: the share, 0 to 1, of the pairs of the first k items that
        are of different categories. NaN where there are fewer than two items.

    Raises
    ------
    ValueError
        If an item has no category.
    """
    own = _of_items(categories, items)[:, : max(ks)]
    is_item = items[:, : max(ks)] >= 0
    pairs, different = np.zeros((2, *own.shape), dtype=np.int64)  # with the items before
    for place in range(1, own.shape[1]):
        is_pair = is_item[:, :place] & is_item[:, [place]]
        pairs[:, place] = is_pair.sum(axis=1)
        different[:, place] = (is_pair & (own[:, :place] != own[:, [place]])).sum(axis=1)
    return {("diversity", k): _ratio(different[:, :k].sum(axis=1), pairs[:, :k].sum(axis=1)) for k in ks}


def coverage(items: Codes, catalogue: int, k: int) -> float:
    """Measure how much of the catalogue the lists show to anybody.

    Parameters
    ----------
    items
        (customers, depth), codes of the recommended items by rank, -1 where there is none.
    catalogue
        Number of items that could be recommended.
    k
        Length at which the lists are cut.

    Returns
    -------
    float
        Number of different items in the first k of all lists by ``catalogue``, 0 to 1.

    Raises
    ------
    ValueError
        If the lists hold more different items than the catalogue, or that is empty.
    """
    distinct = int((np.bincount(items[:, :k].ravel() + 1)[1:] > 0).sum())
    if not max(distinct, 1) <= catalogue:
        raise ValueError(f"a catalogue of {catalogue} items cannot give {distinct} different ones")
    return distinct / catalogue


@dataclass(frozen=True)
class Bootstrap:
    """Resamples of customers, which tell how much a figure would vary with other customers of the kind.

    A resample draws as many customers as there are, with replacement. All rows of a customer, one a time
    fold, are drawn together: they are not independent.

    Attributes
    ----------
    codes
        (rows,), number of each row's customer.
    weights
        (resamples, customers), how often a resample holds a customer.
    """

    codes: NDArray[np.intp]
    weights: NDArray[np.float32]

    @classmethod
    def of(cls, customers: NDArray[Any], *, seed: int, resamples: int = RESAMPLES) -> Self:
        """Draw the resamples.

        Parameters
        ----------
        customers
            (rows,), id of the customer that a row is about.
        seed
            Seed of the draw; the same customers and seed give the same resamples.
        resamples
            Number of resamples.

        Raises
        ------
        ValueError
            If there are no customers.
        """
        unique, codes = np.unique(customers, return_inverse=True)
        count = len(unique)
        if not count:
            raise ValueError("no customers to draw from")
        drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
        cells = (drawn + count * np.arange(resamples)[:, None]).ravel()
        weights = np.bincount(cells, minlength=drawn.size).reshape(drawn.shape)
        return cls(codes, weights.astype(np.float32))

    def interval(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the 95 % percentile interval of each column's mean over the rows.

        Parameters
        ----------
        values
            (rows, columns), rows as in ``customers``. NaN values count neither for the sum nor for the number
            of rows; a resample without any value of a column is left out of that column's interval.

        Returns
        -------
        tuple of array
            (columns,) each, lower and upper ends; NaN for a column without values.
        """
        return ends_of(self.means(values))

    def customers(self, is_known: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the customers of each column who have a row of it.

        Parameters
        ----------
        is_known
            (rows, columns), rows as in ``customers``.
        """
        found: NDArray[np.int64] = (self._membership @ is_known.astype(np.float32) > 0).sum(axis=0)
        return found

    def rivals(self, values: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
        """Find for each column the other one that is most surely better.

        A column is significantly worse than another if the lower bound is above 0. The bounds of all leads
        over it hold together: among any number of equals it is found worse in about 2.5 % of the cases, as
        by one 95 % interval. What is resampled is the greatest of the studentised leads, the first step of
        Romano and Wolf, "Stepwise multiple testing as formalized data snooping" (Econometrica 2005).

        Parameters
        ----------
        values
            (rows, columns), at least two columns, without NaN; rows as in ``customers``.

        Returns
        -------
        tuple of array
            (columns,) each: the rival, its lead in the mean over the rows, and the lead's lower bound.
        """
        estimates, resampled = values.mean(axis=0), self.means(values)
        found, leads, lows = [], [], []
        for column in range(values.shape[1]):
            lead = estimates - estimates[column]
            beyond = resampled - resampled[:, [column]] - lead
            spread = beyond.std(axis=0)
            greatest = np.divide(beyond, spread, out=np.zeros_like(beyond), where=spread > SAME).max(axis=1)
            low = lead - np.quantile(greatest, INTERVAL[1]) * spread
            low[column] = -np.inf
            found.append(int(low.argmax()))
            leads.append(lead[found[-1]])
            lows.append(low[found[-1]])
        return np.array(found, dtype=np.intp), np.array(leads), np.array(lows)

    def coverage_interval(self, items: Codes, catalogue: int, k: int) -> tuple[float, float]:
        """Return the 95 % interval of the coverage.

        A resample shows only the items of customers that were drawn at least once, about 63 % of them, so
        that its coverage is lower than that of all customers. The interval is therefore not the percentiles
        themselves: they are shifted by the difference between the coverage of all customers and the mean of
        the resamples, then clipped to 0 to 1 and, if need be, widened to hold the coverage of all.

        Parameters
        ----------
        items
            (rows, depth), rows as in ``customers``; otherwise as for :func:`coverage`.
        catalogue, k
            See :func:`coverage`.

        Returns
        -------
        tuple of float
            Lower and upper end.
        """
        if len(items) != len(self.codes):
            raise ValueError(f"dimension mismatch: {len(items)} rows, not {len(self.codes)}")
        estimate = coverage(items, catalogue, k)
        rows, places = np.nonzero(items[:, :k] >= 0)
        order = np.argsort(items[rows, places], kind="stable")
        rows, shown = rows[order], items[rows, places][order]
        first = np.flatnonzero(np.diff(shown, prepend=-1))
        # A bit a resample: an item is shown to somebody where a customer who got it was drawn.
        bits = self._drawn[self.codes[rows]]
        shown_in = np.bitwise_or.reduceat(bits, first, axis=0) if len(first) else bits
        times = np.unpackbits(shown_in.view(np.uint8), axis=1).sum(axis=0, dtype=np.int32)
        resampled = times[: len(self.weights)] / catalogue
        ends = np.quantile(resampled, INTERVAL) - resampled.mean() + estimate
        low, high = np.clip(ends, 0.0, 1.0)
        return min(float(low), estimate), max(float(high), estimate)

    def means(self, values: Floats) -> Floats:
        """Return the mean of each resample, resamples x columns; NaN where it has no value."""
        is_known = ~np.isnan(values)
        sums = self.weights @ (self._membership @ np.where(is_known, values, 0.0))
        # Whole numbers: float32 adds them exactly. Most columns have a value in every row.
        rows = np.empty((len(self.weights), values.shape[1]), dtype=np.float32)
        whole = is_known.all(axis=0)
        rows[:, whole] = self.weights @ np.bincount(self.codes, minlength=self.weights.shape[1])[:, None]
        rows[:, ~whole] = self.weights @ (self._membership @ is_known[:, ~whole].astype(np.float32))
        return _ratio(sums, rows)

    @cached_property
    def _drawn(self) -> NDArray[np.uint64]:
        """Return whether each resample holds a customer, a bit each, customers x resamples by 64."""
        bits = np.packbits(self.weights.T > 0, axis=1)
        return np.ascontiguousarray(np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8)))).view(np.uint64)

    @cached_property
    def _membership(self) -> csr_matrix:
        """Return a sparse matrix (customers, rows), 1 where the row is the customer's."""
        rows = len(self.codes)
        ones = np.ones(rows, dtype=np.float32)
        return csr_matrix((ones, (self.codes, np.arange(rows))), shape=(self.weights.shape[1], rows))


def ends_of(means: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the 95 % percentile interval of each column of resampled means, NaN are left out."""
    drawn = (~np.isnan(means)).sum(axis=0)
    always, now_and_then = drawn == len(means), (drawn > 0) & (drawn < len(means))
    ends = np.full((2, means.shape[1]), np.nan)
    ends[:, always] = np.quantile(means[:, always], INTERVAL, axis=0)
    if now_and_then.any():  # much slower
        ends[:, now_and_then] = np.nanquantile(means[:, now_and_then], INTERVAL, axis=0)
    return ends[0], ends[1]


def _of_items(values: NDArray[Any], items: Codes) -> NDArray[Any]:
    """Return the value of each item, 0 where there is no item."""
    if items.size and not (items.min() >= -1 and items.max() < len(values)):
        raise ValueError(f"items must be -1 or codes below {len(values)}")
    return np.append(values, values.dtype.type(0))[items]  # -1: the last, which was appended


def _ratio(parts: NDArray[Any], wholes: NDArray[Any]) -> Floats:
    """Divide; NaN where the whole is 0."""
    ratios = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=ratios, where=wholes > 0)
    return ratios
