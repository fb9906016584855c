"""How far off forecasts are, as far as past windows tell: split conformal intervals, by size of the forecast.

Where no window could be judged, intervals are what the model assumes of chance, and are said to be.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.stats import gamma, nbinom

from palette.recommendations.codes import Vector
from palette.value.forecasts import Forecast, Rates
from palette.value.moments import WEEK

COVERAGE = 0.9
TAIL = (1 - COVERAGE) / 2
BINS, IN_A_BIN = 10, 100  # groups by size of the forecast at most, and rows of one at least
FEWEST = 20  # rows, of which the least and the greatest are the ends
NORMAL = 1.6448536269514722  # quantile of the normal distribution that leaves 5 % above
NONE_SEEN = 3.0  # 95 % bound of how often something happens that was never seen, in terms of the exposure


@dataclass(frozen=True)
class Errors:
    """Quantiles of past truths in terms of the forecast, by size of the forecast.

    Attributes
    ----------
    edges
        Forecasts at which the next group begins.
    offset
        What is added to a forecast that truths are divided by: a small one errs by more than its size.
    low, high
        Of each group.
    """

    edges: Vector
    offset: float
    low: Vector
    high: Vector

    @classmethod
    def of(cls, forecast: Vector, actual: Vector) -> "Errors | None":
        """Learn from past forecasts; nothing of too few."""
        if len(forecast) < FEWEST:
            return None
        edges = _edges(forecast)
        offset = 0.1 * float(forecast.mean()) or 1.0
        own, ratio = np.searchsorted(edges, forecast, side="right"), actual / (forecast + offset)
        ends = [_ends(ratio[own == place], ratio) for place in range(len(edges) + 1)]
        return cls(edges, offset, np.array([low for low, _ in ends]), np.array([high for _, high in ends]))

    def interval(self, forecast: Vector) -> tuple[Vector, Vector]:
        """Return the ends within which the truth lies in 90 % of the cases or more; 0 or more."""
        own = np.searchsorted(self.edges, forecast, side="right")
        low = self.low[own] * (forecast + self.offset)
        high = self.high[own] * (forecast + self.offset)
        return np.clip(low, 0, forecast), np.maximum(high, forecast)


@dataclass(frozen=True)
class Shares:
    """By size of a probability, by how much it was off at least and at most (Wilson's interval)."""

    edges: Vector
    low: Vector
    high: Vector

    @classmethod
    def of(cls, probability: Vector, happened: Vector) -> "Shares | None":
        """Learn from past probabilities; nothing of too few."""
        if len(probability) < FEWEST:
            return None
        edges = _edges(probability)
        own = np.searchsorted(edges, probability, side="right")
        count = np.maximum(np.bincount(own, minlength=len(edges) + 1), 1)
        share = np.bincount(own, happened, len(edges) + 1) / count
        centre = (share + NORMAL**2 / (2 * count)) / (1 + NORMAL**2 / count)
        around = np.sqrt(share * (1 - share) / count + NORMAL**2 / (4 * count**2)) * NORMAL
        around = around / (1 + NORMAL**2 / count)
        told = np.bincount(own, probability, len(edges) + 1) / count
        return cls(edges, centre - around - told, centre + around - told)

    def interval(self, probability: Vector) -> tuple[Vector, Vector]:
        """Return the ends within which the share of customers of such a probability lies, 0 to 1."""
        own = np.searchsorted(self.edges, probability, side="right")
        low, high = probability + self.low[own], probability + self.high[own]
        return np.clip(low, 0, probability), np.clip(high, probability, 1)


@dataclass(frozen=True)
class Ends:
    """Lower and upper ends of each figure of a forecast."""

    orders: tuple[Vector, Vector]
    spend: tuple[Vector, Vector]
    buying: tuple[Vector, Vector]


@dataclass(frozen=True)
class Measured:
    """Past errors of all three figures of a model."""

    orders: Errors
    spend: Errors
    buying: Shares

    @classmethod
    def of(cls, forecast: Forecast, orders: Vector, spend: Vector) -> Self | None:
        """Learn from past forecasts; nothing of too few."""
        found = (
            Errors.of(forecast.orders, orders),
            Errors.of(forecast.spend, spend),
            Shares.of(forecast.buying, (orders > 0).astype(np.float64)),
        )
        of_orders, of_spend, of_buying = found
        return cls(of_orders, of_spend, of_buying) if of_orders and of_spend and of_buying else None

    def ends(self, forecast: Forecast) -> Ends:
        """Return the intervals of new forecasts."""
        return Ends(
            self.orders.interval(forecast.orders),
            self.spend.interval(forecast.spend),
            self.buying.interval(forecast.buying),
        )


def assumed(forecast: Forecast, rates: Rates, days: int, exposure: float) -> Ends:
    """Return intervals of what the model takes for chance alone; they do not hold the model's own errors.

    Parameters
    ----------
    forecast
        What they are of.
    rates
        How often customers order, see :class:`Rates`.
    days
        How far the forecast looks ahead.
    exposure
        Weeks that customers were known for, in all: with no repeat order in them, few are to be expected.
    """
    weeks = days / WEEK
    if not forecast.orders.any():
        nothing = np.zeros(len(forecast.orders))
        rate = NONE_SEEN / max(exposure, 1.0)
        most = np.full(len(nothing), min(rate * weeks, float(days)))
        return Ends((nothing, most), (nothing, forecast.spend), (nothing, -np.expm1(-most)))
    alive = np.maximum(rates.alive, 1e-12)
    mean = np.maximum(forecast.orders / alive, 1e-12)
    ends = []
    for tail in (TAIL, 1 - TAIL):
        place = np.maximum(tail - (1 - alive), 0) / alive
        count = nbinom.ppf(place, rates.shape, rates.shape / (rates.shape + mean))
        ends.append(np.where(place > 0, np.maximum(count, 0), 0.0))
    low, high = np.minimum(ends[0], forecast.orders), np.maximum(ends[1], forecast.orders)
    worth = forecast.spend / np.maximum(forecast.orders, 1e-12)
    rate_low, rate_high = (gamma.ppf(tail, rates.shape) / rates.scale for tail in (TAIL, 1 - TAIL))
    buying = tuple(rates.alive * -np.expm1(-rate * weeks) for rate in (rate_low, rate_high))
    return Ends(
        (low, high),
        (low * worth, high * worth),
        (np.minimum(buying[0], forecast.buying), np.maximum(buying[1], forecast.buying)),
    )


def _edges(forecast: Vector) -> Vector:
    """Part forecasts into groups of about as many rows each."""
    bins = int(np.clip(len(forecast) // IN_A_BIN, 1, BINS))
    edges = np.unique(np.quantile(forecast, np.arange(1, bins) / bins))
    found: Vector = edges[edges > forecast.min()]
    return found


def _ends(ratio: Vector, everybody: Vector) -> tuple[float, float]:
    """Return the ends that another one of the same kind lies within, of the group or, if small, of all."""
    own = np.sort(ratio if len(ratio) >= FEWEST else everybody)
    beyond = int(np.floor((len(own) + 1) * TAIL))
    return float(own[max(beyond - 1, 0)]), float(own[min(len(own) - beyond, len(own) - 1)])
