"""What past windows teach of a retailer's customers, and what each model would have foretold of them.

Rolling windows, as for the lists: everything is learned from orders up to a moment, and judged on what its
customers did in the days that follow. Each moment is fitted once, whatever looks at it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.recommendations.codes import Codes, Vector, drawn
from palette.value.forecasts import Forecast, Known, Learned, Past, forecasts_of
from palette.value.moments import HORIZONS, WEEK, Moment, OrderDays
from palette.value.rhythm import Rhythm

LEARNED, TRIED = "value", "value_trials"  # names of what is kept
WINDOWS = 6  # at most, that are learned from, the latest first
JUDGED = 20_000  # customers of a window at most that are judged: of more an interval is hardly narrower
NEXT = (0.05, 0.5, 0.95)  # shares of those who order at all, by the date of the next order


@dataclass(frozen=True)
class Trials:
    """What was foretold and what happened, a row a customer of a window; windows follow each other.

    Attributes
    ----------
    days
        Length of the windows.
    customer, fold, segment
        Code, number of the window (1 = the latest), and RFM segment before it.
    orders, spend, first
        What happened: order days, their worth, days until the first; that is infinite without any.
    forecasts
        By model; the models are those that could tell in every window.
    next_order
        Days by which the shares ``NEXT`` should have ordered of those who order in the window, rows x 3.
    usual_left
        Days of further silence from which on it is unusual, 0 or less where it was; NaN if not known.
    """

    days: int
    customer: Codes
    fold: Codes
    segment: NDArray[np.object_]
    orders: Vector
    spend: Vector
    first: Vector
    forecasts: dict[str, Forecast]
    next_order: Vector
    usual_left: Vector

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Put windows together."""
        models = [name for name in parts[0].forecasts if all(name in part.forecasts for part in parts)]
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in vars(parts[0])
            if name not in ("days", "forecasts")
        }
        figures = {name: zip(*(part.forecasts[name] for part in parts), strict=True) for name in models}
        forecasts = {name: Forecast(*map(np.concatenate, told)) for name, told in figures.items()}
        return cls(days=parts[0].days, forecasts=forecasts, **joined)

    def kept(self) -> dict[str, Any]:
        """Return it in a form that can be kept, see :mod:`palette.core.learned`."""
        names, codes = np.unique(self.segment.astype(str), return_inverse=True)
        forecasts = {name: list(made) for name, made in self.forecasts.items()}
        plain = vars(self) | {"segment": codes.astype(np.int16), "forecasts": forecasts}
        return {**plain, "names": names.tolist()}

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """Read what :meth:`kept` returned."""
        plain = {name: value for name, value in kept.items() if name != "names"}
        segment = np.array(kept["names"], dtype=object)[kept["segment"]]
        forecasts = {name: Forecast(*made) for name, made in kept["forecasts"].items()}
        return cls(**plain | {"segment": segment, "forecasts": forecasts})


def read_trials(kept: Mapping[tuple[str, str], Any]) -> dict[str, list[Trials]]:
    """Read the trials of each retailer among learned objects, see :mod:`palette.core.learned`."""
    return {
        retailer: [Trials.of(each) for each in tried]
        for (retailer, name), tried in kept.items()
        if name == TRIED
    }


def read_learned(kept: Mapping[tuple[str, str], Any]) -> dict[str, dict[int, Learned]]:
    """Read what was learned for today among learned objects, by retailer and horizon."""
    return {
        retailer: {int(days): Learned(**each) for days, each in own.items()}
        for (retailer, name), own in kept.items()
        if name == LEARNED
    }


def training_backs(known: OrderDays, days_back: int, days: int) -> list[int]:
    """Return the earlier moments whose windows a moment may learn from: they end by it.

    A moment needs a window's length of orders before it.
    """
    backs = [days_back + place * days for place in range(1, WINDOWS + 1)]
    return [back for back in backs if known.span - back >= days]


def judged_backs(known: OrderDays, days: int, folds: int) -> list[int]:
    """Return the moments to judge on, the latest first: those that something can be learned for.

    Where there are none, those with a window's length of orders before them.
    """
    backs = [place * days for place in range(1, folds + 1) if known.span - place * days >= days]
    return [back for back in backs if training_backs(known, back, days)] or backs


def learn(
    known: OrderDays,
    segments: pd.DataFrame,
    *,
    folds: int,
    seed: int,
    horizons: Sequence[int] = HORIZONS,
) -> tuple[dict[int, Learned], list[Trials]]:
    """Learn from past windows for today's forecasts, and judge past ones.

    Parameters
    ----------
    known
        All of the retailer's.
    segments
        Rows of the seed `rfm_segments`.
    folds
        How many windows to judge on; 0 for none.
    seed
        Seed of what is drawn.
    horizons
        Lengths of the windows.

    Returns
    -------
    dict of Learned, list of Trials
        For today, by horizon; and of each horizon that can be judged.
    """
    judged = {days: judged_backs(known, days, folds) for days in horizons}
    teaching: dict[int, set[int]] = {
        days: set().union(*(training_backs(known, back, days) for back in (0, *judged[days])))
        for days in horizons
    }
    for days in horizons if folds else ():
        if not judged[days]:
            print(
                f"value: {known.retailer}: {known.span + 1} days of orders are too few to judge "
                f"forecasts of {days} days"
            )
    past: dict[int, dict[int, Past]] = defaultdict(dict)
    trials: dict[int, list[Trials]] = defaultdict(list)

    def learned_for(back: int, days: int) -> Learned:
        windows = [past[days][earlier] for earlier in training_backs(known, back, days)]
        return Learned.of(windows, seed=seed)

    def looked_at(back: int) -> None:  # a function of its own: a moment is forgotten before the next
        then = Known(Moment(known, back))
        names = then.moment.segments(segments)
        for days in horizons:
            if back in judged[days]:
                fold = judged[days].index(back) + 1
                trials[days].append(_tried(then, names, fold, days, learned_for(back, days), seed))
            if back in teaching[days]:
                past[days][back] = Past.of(then, names, then.moment.window(days), days, seed)

    with threadpool_limits(1, user_api="blas"):
        for back in sorted(set().union(*teaching.values(), *judged.values()), reverse=True):
            looked_at(back)
        today = _levelled({days: learned_for(0, days) for days in sorted(horizons)})
    return today, [Trials.together(trials[days]) for days in horizons if trials[days]]


def _levelled(learned: dict[int, Learned]) -> dict[int, Learned]:
    """Take what orders are worth from the next shorter windows where there are no windows of the length."""
    level, found = 1.0, {}
    for days, own in learned.items():
        level = own.level if own.segments else level
        found[days] = replace(own, level=level)
    return found


def _tried(
    then: Known, names: NDArray[np.object_], fold: int, days: int, learned: Learned, seed: int
) -> Trials:
    """Foretell a past window by every model; of many customers a draw is judged."""
    moment = then.moment
    few = drawn(np.arange(moment.size), JUDGED, seed)
    truth = moment.window(days)
    made = forecasts_of(then, names, days, learned)
    after = [np.ceil(then.rates.share_by(days / WEEK, share) * WEEK)[few] for share in NEXT]
    return Trials(
        days,
        moment.customers[few],
        np.full(len(few), fold),
        names[few],
        truth.orders[few],
        truth.spend[few],
        truth.first[few],
        {name: Forecast(*(figure[few] for figure in figures)) for name, figures in made.items()},
        np.column_stack(after),
        (Rhythm.of(moment).usual_until(moment) - moment.silence)[few],
    )
