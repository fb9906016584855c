"""Gamma-Gamma: what a customer spends an order, told by the mean of their orders and how many there were.

Orders of a customer vary around a mean of their own, and the means vary over customers. Fader and Hardie,
"The Gamma-Gamma Model of Monetary Value" (2013), whose parameters on CDNOW a test finds.
"""

from dataclasses import astuple, dataclass
from typing import Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from palette.recommendations.codes import Vector, drawn
from palette.value.bg_nbd import DRAWN, FEWEST, FitError

LEAST_Q = 1.05  # up to 1 the customers' means have no mean
MOST = 1e4


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model.

    Attributes
    ----------
    p
        Shape of a customer's orders around their mean.
    q, v
        Shape and scale of the gamma distribution of the customers' rates.
    """

    p: float
    q: float
    v: float

    @classmethod
    def fit(cls, orders: Vector, mean: Vector) -> Self:
        """Find the likeliest parameters, of those with orders whose mean is above 0.

        Parameters
        ----------
        orders
            How many orders of each customer the mean is of.
        mean
            The mean spend of an order.

        Raises
        ------
        FitError
            There are too few such customers, or the search does not end.
        """
        used = np.flatnonzero((orders > 0) & (mean > 0))
        if len(used) < FEWEST:
            raise FitError(f"of {len(used)} customers the spend is known, and {FEWEST} are needed")
        used = drawn(used, DRAWN, 0)
        scale = float(mean[used].mean())
        known = np.column_stack([orders[used], mean[used] / scale])
        rows, count = np.unique(known, axis=0, return_counts=True)
        found = minimize(
            _loss, np.log([1.0, 2.0, 1.0]), args=(*rows.T, count / count.sum()), jac=True, method="L-BFGS-B",
            bounds=[(np.log(least), np.log(MOST)) for least in (1e-3, LEAST_Q, 1e-6)],
            options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-9},
        )  # fmt: skip
        if not np.isfinite(found.fun):
            raise FitError(f"the likeliest parameters were not found: {found.message}")
        p, q, v = np.exp(found.x)
        return cls(float(p), float(q), float(v) * scale)

    def expected(self, orders: Vector, mean: Vector) -> Vector:
        """Return what each customer's orders are expected to be worth: all customers' mean without any."""
        p, q, v = astuple(self)
        known = np.where(mean > 0, orders, 0.0)
        spend = np.where(mean > 0, known * mean, 0.0)
        found: Vector = p * (v + spend) / (p * known + q - 1)
        return found


def _loss(logs: Vector, x: Vector, mean: Vector, weight: Vector) -> tuple[float, Vector]:
    """Return the negative log-likelihood, and its slope by each parameter's logarithm."""
    p, q, v = np.exp(logs)
    total = x * mean
    px = p * x
    value = (
        gammaln(px + q) - gammaln(px) - gammaln(q) + q * logs[2]
        + (px - 1) * np.log(mean) + px * np.log(x) - (px + q) * np.log(total + v)
    )  # fmt: skip
    slopes = (
        x * (digamma(px + q) - digamma(px) + np.log(total) - np.log(total + v)),
        digamma(px + q) - digamma(q) + logs[2] - np.log(total + v),
        q / v - (px + q) / (total + v),
    )
    slope = -np.array([(weight * each).sum() for each in slopes]) * np.exp(logs)
    return -float((weight * value).sum()), slope
