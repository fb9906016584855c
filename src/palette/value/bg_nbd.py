"""BG/NBD: how often customers order, and whether they still do, told by three numbers of each.

A customer orders at random at a rate of their own, and after each repeat order leaves for good with a
probability of their own; rates are gamma distributed over customers, the probabilities beta distributed.
Fader, Hardie and Lee, "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model"
(Marketing Science 2005), whose parameters on CDNOW a test finds. The libraries that fit it need a sampler, or
are kept up no longer.
"""

from dataclasses import astuple, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, digamma, expit, gammaln, hyp2f1

from palette.recommendations.codes import Vector, drawn

FEWEST = 20  # customers with a repeat order: of fewer, four parameters are no finding
BOUNDS = (np.log(1e-3), np.log(1e3))  # of each parameter's logarithm
DRAWN = 100_000  # customers at most that parameters are found from: more change their third digit
APART = 1e-5  # from where a formula divides by nothing
SHARES = 64  # points at which a mean over customers is taken


class FitError(ValueError):
    """Purchases that a model cannot be fitted to; the message says why."""


@dataclass(frozen=True)
class BgNbd:
    """A fitted model; time is in the unit of what it was fitted to.

    Attributes
    ----------
    r, alpha
        Shape and rate of the gamma distribution of the customers' order rates.
    a, b
        Of the beta distribution of the probabilities of leaving after a repeat order.
    """

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, x: Vector, t_x: Vector, age: Vector) -> Self:
        """Find the likeliest parameters.

        Parameters
        ----------
        x
            Repeat orders of each customer.
        t_x
            Time from the first order to the last; 0 without repeat orders.
        age
            Time from the first order to the moment.

        Raises
        ------
        FitError
            There are too few customers with a repeat order, or the search does not end.
        """
        if (x > 0).sum() < FEWEST:
            raise FitError(f"{(x > 0).sum()} customers ordered again, and {FEWEST} are needed")
        few = drawn(np.arange(len(x)), DRAWN, 0)
        rows, count = np.unique(np.column_stack([x, t_x, age])[few], axis=0, return_counts=True)
        weight = count / count.sum()
        start = np.log([1.0, max(float(age.mean()) / 4, 1e-2), 1.0, 2.0])
        found = minimize(
            _loss, start, args=(*rows.T, weight), jac=True, method="L-BFGS-B", bounds=[BOUNDS] * 4,
            options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-9},
        )  # fmt: skip
        # The search may stop where rounding hides any further step: that is an end as well.
        if not (np.isfinite(found.fun) and np.abs(found.jac[_inside(found.x)]).max(initial=0) < 1e-4):
            raise FitError(f"the likeliest parameters were not found: {found.message}")
        return cls(*(float(value) for value in np.exp(found.x)))

    def alive(self, x: Vector, t_x: Vector, age: Vector) -> Vector:
        """Return the probability that each customer has not left, 0 to 1; 1 before any repeat order."""
        r, alpha, a, b = astuple(self)
        times = np.maximum(x, 1)
        odds = np.log(a) - np.log(b + times - 1) + (r + x) * np.log((alpha + age) / (alpha + t_x))
        found: Vector = np.where(x > 0, expit(-odds), 1.0)
        return found

    def expected(self, x: Vector, t_x: Vector, age: Vector, within: float) -> Vector:
        """Return how many orders of each customer are expected in the time after the moment.

        The published formula with its hypergeometric function turned by Euler, so that no power of ``x``
        overflows.
        """
        r, alpha, a, b = astuple(self)
        a = a + 2 * APART if abs(a - 1) < APART else a
        c = a + b + x - 1
        c = np.where(np.abs(c) < APART, APART, c)
        left = (alpha + age) / (alpha + age + within)
        with np.errstate(all="ignore"):
            series = hyp2f1(a + b - 1 - r, a - 1, c, 1 - left)
            ordered = c / (a - 1) * (1 - left ** (a - 1) * series)
        most = (r + x) * within / (self.alpha + age)  # if nobody left
        sound = np.isfinite(ordered) & (ordered >= 0) & (ordered <= most * (1 + 1e-9))
        if not sound.all():
            ordered[~sound] = self._expected_if_alive(x[~sound], age[~sound], within)
        found: Vector = ordered * self.alive(x, t_x, age)
        return found

    def _expected_if_alive(self, x: Vector, age: Vector, within: float) -> Vector:
        """Do what :meth:`expected` does of customers who are alive, adding up over how easily they leave.

        Slower, where the formula loses all its digits: the great terms that it subtracts from each other.
        """
        share, weight = np.polynomial.legendre.leggauss(SHARES)
        leaving = betaincinv(self.a, (self.b + x)[:, None], (share + 1) / 2).clip(np.finfo(np.float64).tiny)
        grown = np.log1p(leaving * within / (self.alpha + age)[:, None])
        found: Vector = -np.expm1(-(self.r + x)[:, None] * grown) / leaving @ (weight / 2)
        return found

    def buying(self, x: Vector, t_x: Vector, age: Vector, within: float) -> Vector:
        """Return the probability of an order in the time after the moment, 0 to 1."""
        left = (self.alpha + age) / (self.alpha + age + within)
        return self.alive(x, t_x, age) * -np.expm1((self.r + x) * np.log(left))

    def log_likelihood(self, x: Vector, t_x: Vector, age: Vector) -> float:
        """Return the logarithm of the likelihood of what was seen, the sum over customers."""
        loss, _ = _loss(np.log(astuple(self)), x, t_x, age, np.ones(len(x)))
        return -loss


def _inside(logs: Vector) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (logs > BOUNDS[0] + 1e-9) & (logs < BOUNDS[1] - 1e-9)
    return found


def _loss(logs: Vector, x: Vector, t_x: Vector, age: Vector, weight: Vector) -> tuple[float, Vector]:
    """Return the negative log-likelihood, and its slope by each parameter's logarithm."""
    r, alpha, a, b = np.exp(logs)
    again = x > 0
    times = np.maximum(x, 1)
    common = (
        gammaln(r + x) - gammaln(r) + r * logs[1] + betaln(a, b + x) - betaln(a, b)
    )  # fmt: skip
    stayed = -(r + x) * np.log(alpha + age)
    left = np.where(again, logs[2] - np.log(b + times - 1) - (r + x) * np.log(alpha + t_x), -np.inf)
    either = np.logaddexp(stayed, left)
    has_left = np.exp(left - either)  # the probability
    has_stayed = 1 - has_left
    both = digamma(a + b) - digamma(a + b + x)
    slopes: list[Any] = [
        digamma(r + x) - digamma(r) + logs[1]
        - has_stayed * np.log(alpha + age) - has_left * np.log(alpha + t_x),
        r / alpha - (r + x) * (has_stayed / (alpha + age) + has_left / (alpha + t_x)),
        both + has_left / a,
        both + digamma(b + x) - digamma(b) - np.where(again, has_left / (b + times - 1), 0),
    ]  # fmt: skip
    slope = -np.array([(weight * each).sum() for each in slopes]) * np.exp(logs)
    return -float((weight * (common + either)).sum()), slope
