"""The customer's own rhythm, and how long a silence has to be to stand out of it.

A rhythm is the mean of the customer's own days between orders and, counted as one more, the shop's usual
ones, which are all there is of a newcomer. A silence is unusual when it is longer than 19 of 20 that
customers of the shop came back from were, measured in rhythms as known before each.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from palette.recommendations.codes import Vector, sums
from palette.value.moments import Moment

USUAL = 0.95  # share of the silences that customers came back from
CLASSES = (0, 1, 3)  # from how many own gaps on a rhythm is of the next class: it is known ever better
FEWEST = 20  # gaps, of which a twentieth is one


@dataclass(frozen=True)
class Rhythm:
    """What is usual in a shop.

    Attributes
    ----------
    usual
        Median over the customers who came back of their mean days between orders; NaN where nobody did.
    times
        Rhythms after which a silence is unusual, by class; NaN where too few came back to tell.
    """

    usual: float
    times: tuple[float, ...]

    @classmethod
    def of(cls, moment: Moment) -> Self:
        """Learn from what was known at a moment."""
        code, days, before, since = moment.gaps
        if not len(days):
            return cls(float("nan"), (float("nan"),) * len(CLASSES))
        count = sums(code, None, moment.size)
        again = count > 0
        usual = float(np.median(sums(code, days, moment.size)[again] / count[again]))
        ratio = days / ((since + usual) / (before + 1))
        own = np.searchsorted(CLASSES, before, side="right") - 1
        together = _limit(ratio)
        found = [_limit(ratio[own == place]) for place in range(len(CLASSES))]
        return cls(usual, tuple(together if np.isnan(limit) else limit for limit in found))

    def days(self, moment: Moment) -> Vector:
        """Return the usual days between two orders of each customer."""
        found: Vector = (moment.t_x * 7 + self.usual) / (moment.x + 1)
        return found

    def usual_until(self, moment: Moment) -> Vector:
        """Return how many days without an order are not yet unusual for each customer; NaN if not known."""
        own = np.searchsorted(CLASSES, moment.x, side="right") - 1
        found: Vector = np.ceil(self.days(moment) * np.array(self.times)[own])
        return found


def _limit(ratio: Vector) -> float:
    return float(np.quantile(ratio, USUAL)) if len(ratio) >= FEWEST else float("nan")
