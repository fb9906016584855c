"""What customers are expected to do in the days after a moment, by models that know no more than the moment.

Each gives the same three figures a customer. What they spent before is the one that every other has to beat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from lightgbm import Booster, Dataset, train
from numpy.typing import NDArray

from palette.recommendations.codes import Vector, drawn, sums
from palette.value.bg_nbd import BgNbd, FitError
from palette.value.gamma_gamma import GammaGamma
from palette.value.moments import WEEK, YEAR, Moment, Window

SPENT_BEFORE, OWN, SEGMENT, LAST_YEAR, BG_NBD, TREES = MODELS = (
    "spent_before", "own_average", "segment_average", "last_year", "bg_nbd", "trees",
)  # fmt: skip
LEARNERS = 20_000  # customers of a window at most that trees learn from
EXAMPLES = 400  # customers and windows at least: of fewer, trees learn chance
ROUNDS = 60
TREE_SETTINGS = {
    "num_leaves": 15, "min_child_samples": 40, "learning_rate": 0.06, "max_bin": 63, "num_threads": 1,
    "deterministic": True, "force_row_wise": True, "verbosity": -1,
}  # fmt: skip
LOSSES: tuple[Mapping[str, object], ...] = (
    {"objective": "poisson"},
    {"objective": "tweedie", "tweedie_variance_power": 1.3},
    {"objective": "binary"},
)


class Forecast(NamedTuple):
    """What is expected of each customer of a moment.

    Attributes
    ----------
    orders
        Days with an order.
    spend
        What they are worth, 0 or more.
    buying
        Probability of an order, 0 to 1.
    """

    orders: Vector
    spend: Vector
    buying: Vector


@dataclass(frozen=True)
class Rates:
    """How often each customer orders while they do: a gamma distribution of the rate a week.

    ``shape`` and ``scale`` are what is known of it, ``alive`` the probability that they still order; 1 where
    there is too little to tell who left.
    """

    shape: Vector
    scale: Vector
    alive: Vector

    def buying(self, weeks: float) -> Vector:
        """Return the probability of an order in the time."""
        found: Vector = self.alive * -np.expm1(-self.shape * np.log1p(weeks / self.scale))
        return found

    def share_by(self, weeks: float, share: float) -> Vector:
        """Return the weeks by which a share has ordered of those who order within the time at all."""
        whole = -np.expm1(-self.shape * np.log1p(weeks / self.scale))
        found: Vector = self.scale * np.expm1(-np.log1p(-share * whole) / self.shape)
        return np.minimum(found, weeks)


class Known:
    """A moment, with the models that need nothing but it.

    Attributes
    ----------
    moment
        The moment.
    fitted
        BG/NBD and Gamma-Gamma; none where they cannot be fitted, and ``reason`` says why.
    """

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self.reason = ""
        self.fitted: tuple[BgNbd, GammaGamma] | None = None
        try:
            self.fitted = (
                BgNbd.fit(moment.x, moment.t_x, moment.age),
                GammaGamma.fit(moment.x, moment.repeat_spend),
            )
        except FitError as error:
            self.reason = str(error)

    @cached_property
    def usual_rate(self) -> float:
        """Repeat orders of a customer and week in the shop; 0 where nobody came back."""
        weeks = float(self.moment.age.sum())
        return float(self.moment.x.sum()) / weeks if weeks > 0 else 0.0

    @cached_property
    def rates(self) -> Rates:
        """By BG/NBD, else by own orders and one more at the shop's usual rate."""
        moment = self.moment
        if self.fitted:
            model, _ = self.fitted
            alive = model.alive(moment.x, moment.t_x, moment.age)
            return Rates(model.r + moment.x, model.alpha + moment.age, alive)
        scale = moment.age + 1 / max(self.usual_rate, 1e-9)
        return Rates(moment.x + 1, scale, np.ones(moment.size))

    def simple(self, days: int) -> dict[str, Forecast]:
        """Return the forecasts of models that learn from no window: all that can be made."""
        found = {SPENT_BEFORE: self._spent_before(days), OWN: self._own_average(days)}
        if self.moment.history >= YEAR:
            found[LAST_YEAR] = _counted(*self.moment.within(YEAR, days))
        if self.fitted:
            found[BG_NBD] = self._bg_nbd(days)
        return found

    def _spent_before(self, days: int) -> Forecast:
        """Expect what the customer did in as many days before, or in as many as there are, scaled up."""
        orders, spend = self.moment.within(days, days)
        scale = max(days / (self.moment.history + 1), 1.0)
        return _counted(orders * scale, spend * scale)

    def _own_average(self, days: int) -> Forecast:
        """Expect orders at the customer's rate and of their mean, the shop's usual ones being one more."""
        moment = self.moment
        if not self.usual_rate:
            return _counted(np.zeros(moment.size), np.zeros(moment.size))
        orders = (moment.x + 1) / (moment.age + 1 / self.usual_rate) * days / WEEK
        mean = (moment.spend + moment.spend.sum() / moment.orders.sum()) / (moment.orders + 1)
        return _counted(orders, orders * mean)

    def _bg_nbd(self, days: int) -> Forecast:
        moment = self.moment
        assert self.fitted is not None  # see simple()
        model, spend = self.fitted
        told = (moment.x, moment.t_x, moment.age)
        orders = model.expected(*told, days / WEEK)
        worth = spend.expected(moment.x, moment.repeat_spend)
        return Forecast(orders, orders * worth, model.buying(*told, days / WEEK))

    def features(self, days: int) -> Vector:
        """Return what trees see of each customer, customers x features."""
        moment = self.moment
        told = self.simple(days)
        last_year = told.get(LAST_YEAR)
        unknown = np.full(moment.size, np.nan)
        columns = [
            moment.orders, moment.t_x, moment.age, moment.silence, moment.spend, moment.mean_spend,
            moment.first_spend, moment.last_spend, *moment.scores.T.astype(np.float64),
            moment.silence / np.maximum(moment.t_x * WEEK / np.maximum(moment.x, 1), 1),
            *(figure for span in (28, 90, YEAR) for figure in moment.within(span, span)),
            self.rates.alive, *told.get(BG_NBD, told[OWN]),
            *(last_year[:2] if last_year else (unknown, unknown)),
        ]  # fmt: skip
        return np.column_stack(columns)


def _counted(orders: Vector, spend: Vector) -> Forecast:
    """Make a forecast of an expected number: orders come at random, and spend is not below 0."""
    return Forecast(orders, np.maximum(spend, 0), -np.expm1(-orders))


@dataclass(frozen=True)
class Past:
    """A window that has ended, to learn from: what was known of customers before it, and what they did."""

    segments: NDArray[np.object_]
    features: Vector
    worth: tuple[float, float]  # spend of an order: as BG/NBD expected it, and as it was
    orders: Vector
    spend: Vector

    @classmethod
    def of(cls, known: Known, segments: NDArray[np.object_], window: Window, days: int, seed: int) -> Self:
        """Take a moment's window; of many customers a draw."""
        few = drawn(np.arange(known.moment.size), LEARNERS, seed)
        told = known.simple(days).get(BG_NBD)
        orders, spend = window.orders.sum(), window.spend.sum()
        is_known = told is not None and told.orders.sum() > 0 and orders > 0 and spend > 0
        worth = (told.spend.sum() / told.orders.sum(), spend / orders) if told and is_known else (0.0, 0.0)
        return cls(segments[few], known.features(days)[few], worth, window.orders[few], window.spend[few])


@dataclass(frozen=True)
class Learned:
    """What was learned of past windows of one length.

    Attributes
    ----------
    segments
        By RFM segment, with ``all``: mean orders and spend, and the share who ordered.
    level
        What an order was worth by what Gamma-Gamma expected: it takes spend to be independent of how often
        customers order, which is not so everywhere.
    trees
        Texts of the forests for orders, spend and whether they order; none of too few examples.
    """

    segments: dict[str, list[float]]
    level: float
    trees: list[str]

    @classmethod
    def of(cls, past: Sequence[Past], *, seed: int) -> Self:
        """Learn from windows."""
        if not past:
            return cls({}, 1.0, [])
        segments, orders, spend = (
            np.concatenate([getattr(window, name) for window in past])
            for name in ("segments", "orders", "spend")
        )
        truth = np.column_stack([orders, spend, orders > 0])
        names, code = np.unique(segments.astype(str), return_inverse=True)
        count = sums(code, None, len(names))
        means = np.column_stack([sums(code, each, len(names)) / count for each in truth.T])
        found = {str(name): mean.tolist() for name, mean in zip(names, means, strict=True)}
        worth = np.array([window.worth for window in past])
        level = worth[:, 1].sum() / worth[:, 0].sum() if worth[:, 0].sum() > 0 else 1.0
        features = np.concatenate([window.features for window in past])
        return cls(found | {"all": truth.mean(axis=0).tolist()}, float(level), _grown(features, truth, seed))

    def kept(self) -> dict[str, Any]:
        """Return it in a form that can be kept, see :mod:`palette.core.learned`."""
        return {"segments": self.segments, "level": self.level, "trees": self.trees}


def _grown(features: Vector, truth: Vector, seed: int) -> list[str]:
    """Grow the three forests; none where nobody, or everybody, ordered."""
    share = truth[:, 2].mean()
    if len(truth) < EXAMPLES or not 0 < share < 1 or np.maximum(truth[:, 1], 0).sum() <= 0:
        return []
    settings = TREE_SETTINGS | {"seed": seed}
    examples = Dataset(features, np.zeros(len(features)), params=settings).construct()  # sorted once for all
    texts = []
    for loss, target in zip(LOSSES, np.maximum(truth, 0).T, strict=True):
        grown = train(settings | dict(loss), examples.set_label(target), ROUNDS)
        texts.append(grown.model_to_string())
    return texts


def forecasts_of(
    known: Known, segments: NDArray[np.object_], days: int, learned: Learned, models: Sequence[str] = MODELS
) -> dict[str, Forecast]:
    """Return what each model expects of a moment's customers, of those that can tell.

    Parameters
    ----------
    known
        The moment.
    segments
        RFM segment of each customer then.
    days
        How far to look ahead.
    learned
        Of past windows; those of the same length if there are any.
    models
        Names of those that are asked for.
    """
    found = {name: made for name, made in known.simple(days).items() if name in models}
    if BG_NBD in found:
        orders, spend, buying = found[BG_NBD]
        found[BG_NBD] = Forecast(orders, spend * learned.level, buying)
    if SEGMENT in models and learned.segments:
        means = {name: learned.segments.get(name, learned.segments["all"]) for name in set(segments)}
        table = np.array([means[name] for name in segments]).reshape(-1, 3)
        found[SEGMENT] = Forecast(table[:, 0], np.maximum(table[:, 1], 0), table[:, 2])
    if TREES in models and learned.trees:
        features = known.features(days)
        figures = (Booster(model_str=text).predict(features, num_threads=1) for text in learned.trees)
        found[TREES] = Forecast(*(np.asarray(each, dtype=np.float64) for each in figures))
    return {name: found[name] for name in MODELS if name in found}
