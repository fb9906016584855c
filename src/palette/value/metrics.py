"""Proof: what forecasts of past windows were worth, against what customers spent before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.core.tables import empty
from palette.core.threads import spread
from palette.recommendations.codes import Vector
from palette.recommendations.metrics import Bootstrap, ends_of
from palette.value.forecasts import BG_NBD, OWN, SPENT_BEFORE, Forecast
from palette.value.intervals import Measured
from palette.value.learning import Trials

EVERYONE, RHYTHM = "all", "rhythm"
ORDERS, REVENUE, PURCHASE, NEXT_ORDER, SILENCE = "orders", "revenue", "purchase", "next_order", "silence"
DECILES = 10
RESAMPLES = 100  # of a Gini, which adds up every row anew
SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("horizon_days", pa.int64(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("fold", pa.int64(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("decile", pa.int64(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("ci_low", pa.float64(), nullable=False),
        pa.field("ci_high", pa.float64(), nullable=False),
        pa.field("lead", pa.float64()),
        pa.field("lead_low", pa.float64()),
        pa.field("lead_high", pa.float64()),
        pa.field("rival", pa.string()),
        pa.field("rival_lead", pa.float64()),
        pa.field("rival_lead_low", pa.float64()),
    ]
)
Row = dict[str, Any]


def value_metrics(trials: Mapping[str, Sequence[Trials]], *, seed: int) -> pd.DataFrame:
    """Measure every model of every retailer and horizon.

    Parameters
    ----------
    trials
        By retailer, see :func:`palette.value.learning.learn`.
    seed
        Seed of the resamples.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``. ``fold`` 0 = all windows together, 1 = the latest; ``decile`` 0 = everybody.
        Intervals hold 95 % of resamples of the customers. ``lead`` is by how much the mean absolute error is
        less than that of what they spent before; ``rival`` the model that is most surely better
        (:meth:`palette.recommendations.metrics.Bootstrap.rivals`).
    """
    asked = [(retailer, tried) for retailer, all_tried in sorted(trials.items()) for tried in all_tried]

    def measure(one: tuple[str, Trials]) -> pd.DataFrame:
        retailer, tried = one
        rows = pd.DataFrame(list(_measured(tried, seed)), columns=[*SCHEMA.names[2:]])
        return rows.assign(retailer=retailer, horizon_days=tried.days)

    with threadpool_limits(1, user_api="blas"):
        frame = pd.concat([empty(SCHEMA), *spread(measure, asked)], ignore_index=True)[list(SCHEMA.names)]
    numbers = [field.name for field in SCHEMA if field.type == pa.float64()]
    frame[numbers] = frame[numbers].astype(np.float64).round(9)
    whole = np.isfinite(frame[["value", "ci_low", "ci_high"]].to_numpy()).all(axis=1)
    found: pd.DataFrame = frame[whole].reset_index(drop=True)
    return found


def _measured(tried: Trials, seed: int) -> Iterator[Row]:
    """Measure in all, by segment and by window; calibration, coverage and what is no model's in all."""
    every = np.ones(len(tried.customer), dtype=bool)
    spans = [(EVERYONE, 0, every)]
    spans += [(str(name), 0, tried.segment == name) for name in sorted(set(tried.segment))]
    spans += [(EVERYONE, int(fold), tried.fold == fold) for fold in np.unique(tried.fold)]
    for segment, fold, rows in spans:
        bootstrap = Bootstrap.of(tried.customer[rows], seed=seed)
        whole = segment == EVERYONE and fold == 0
        for row in (*_errors(tried, rows, bootstrap, whole), *_ginis(tried, rows, bootstrap)):
            yield {"segment": segment, "fold": fold, "decile": 0} | row
    bootstrap = Bootstrap.of(tried.customer, seed=seed)
    for row in (*_deciles(tried, bootstrap), *_covered(tried, bootstrap), *_dates(tried, bootstrap)):
        yield {"segment": EVERYONE, "fold": 0, "decile": 0} | row


def _figures(tried: Trials) -> Iterator[tuple[str, str, Vector, Vector]]:
    """Give each model, measure, forecast and truth."""
    bought = (tried.orders > 0).astype(np.float64)
    for model, forecast in tried.forecasts.items():
        yield model, ORDERS, forecast.orders, tried.orders
        yield model, REVENUE, forecast.spend, tried.spend
        yield model, PURCHASE, forecast.buying, bought


def _errors(tried: Trials, rows: NDArray[np.bool_], bootstrap: Bootstrap, whole: bool) -> Iterator[Row]:
    """Give mean absolute error (of a probability the Brier score) and bias of the total."""
    told = [(model, measure, f[rows], a[rows]) for model, measure, f, a in _figures(tried)]
    apart = [
        (forecast - actual) ** 2 if measure == PURCHASE else np.abs(forecast - actual)
        for _, measure, forecast, actual in told
    ]
    errors = np.column_stack(apart)
    means = bootstrap.means(errors)
    low, high = ends_of(means)
    places = {(model, measure): place for place, (model, measure, _, _) in enumerate(told)}
    before = [places[SPENT_BEFORE, measure] for _, measure, _, _ in told]
    lead = errors.mean(axis=0)[before] - errors.mean(axis=0)
    lead_low, lead_high = ends_of(means[:, before] - means)
    total = bootstrap.means(np.column_stack([forecast for _, _, forecast, _ in told]))
    truth = bootstrap.means(np.column_stack([actual for _, _, _, actual in told]))
    with np.errstate(divide="ignore", invalid="ignore"):
        bias_low, bias_high = ends_of(np.where(truth > 0, total / truth - 1, np.nan))
    rivals = dict(_rivals(errors, told, bootstrap)) if whole else {}
    leads = [
        {"lead": value, "lead_low": least, "lead_high": most}
        for value, least, most in zip(lead, lead_low, lead_high, strict=True)
    ]
    customers = bootstrap.weights.shape[1]
    for place, (model, measure, forecast, actual) in enumerate(told):
        row = {"model": model, "measure": measure, "customers": customers}
        yield row | {
            "metric": "brier" if measure == PURCHASE else "mae",
            "value": errors[:, place].mean(),
            "ci_low": low[place],
            "ci_high": high[place],
            **(leads[place] if model != SPENT_BEFORE else {}),
            **rivals.get(place, {}),
        }
        if actual.sum() > 0:
            value = forecast.sum() / actual.sum() - 1
            yield row | {
                "metric": "bias", "value": value, "ci_low": bias_low[place], "ci_high": bias_high[place]
            }  # fmt: skip


def _rivals(
    errors: Vector, told: Sequence[tuple[str, str, Vector, Vector]], bootstrap: Bootstrap
) -> Iterator[tuple[int, Row]]:
    """Find who is most surely better than each model in the error of revenue, which the choice is made by."""
    places = [place for place, (_, measure, _, _) in enumerate(told) if measure == REVENUE]
    names = [told[place][0] for place in places]
    for place, rival, lead, low in zip(places, *bootstrap.rivals(-errors[:, places]), strict=True):
        yield place, {"rival": names[rival], "rival_lead": lead, "rival_lead_low": low}


def _ginis(tried: Trials, rows: NDArray[np.bool_], bootstrap: Bootstrap) -> Iterator[Row]:
    """Give how well forecasts order customers: their Gini by that of the truth's own order."""
    weights = bootstrap.weights[:RESAMPLES, bootstrap.codes].T.astype(np.float32)
    weights = np.column_stack([np.ones(len(weights), dtype=np.float32), weights])
    perfect: dict[str, Vector] = {}
    for model, measure, forecast, actual in _figures(tried):
        if measure == PURCHASE:
            continue
        own = actual[rows]
        if measure not in perfect:
            perfect[measure] = gini(own, own, weights)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(
                perfect[measure] > 0, gini(forecast[rows], own, weights) / perfect[measure], np.nan
            )
        low, high = ends_of(found[1:, None])
        yield {
            "model": model, "measure": measure, "metric": "gini", "value": found[0],
            "ci_low": low[0], "ci_high": high[0], "customers": bootstrap.weights.shape[1],
        }  # fmt: skip


def gini(forecast: Vector, actual: Vector, weights: NDArray[np.floating[Any]]) -> Vector:
    """Return how unevenly the truth is spread over customers in order of the forecast.

    Parameters
    ----------
    forecast, actual
        (rows,); rows of the same forecast are one step, whatever their order.
    weights
        (rows, columns), how often a row counts.

    Returns
    -------
    numpy.ndarray
        (columns,): 1 less twice the area under the curve of cumulated truth; NaN without any truth.
    """
    order = np.argsort(forecast, kind="stable")
    starts = np.flatnonzero(np.diff(forecast[order], prepend=np.nan) != 0)
    rows = np.add.reduceat(weights[order], starts, axis=0, dtype=np.float64)
    truth = np.add.reduceat(weights[order] * actual[order, None], starts, axis=0, dtype=np.float64)
    share = np.cumsum(truth, axis=0)
    total = share[-1]
    area = (rows * (share - truth / 2)).sum(axis=0) / rows.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Vector = np.where(total > 0, 1 - 2 * area / total, np.nan)
    return found


def _deciles(tried: Trials, bootstrap: Bootstrap) -> Iterator[Row]:
    """Give what was foretold and what happened, by tenths of the customers in order of the forecast."""
    count = len(tried.customer)
    for model, measure, forecast, actual in _figures(tried) if count >= DECILES else ():
        tenth = np.empty(count, dtype=np.int64)
        tenth[np.lexsort((tried.customer, tried.fold, forecast))] = np.arange(count) * DECILES // count
        own = tenth[:, None] == np.arange(DECILES)
        customers = bootstrap.customers(own)
        means = own.T @ np.column_stack([forecast, actual]) / own.sum(axis=0)[:, None]
        low, high = bootstrap.interval(np.where(own, actual[:, None], np.nan))
        for place, (told_mean, mean) in enumerate(means):
            row = {
                "model": model, "measure": measure, "decile": place + 1, "customers": int(customers[place])
            }  # fmt: skip
            exact = {"value": told_mean, "ci_low": told_mean, "ci_high": told_mean}
            yield row | exact | {"metric": "forecast_mean"}
            yield row | {
                "metric": "actual_mean", "value": mean, "ci_low": low[place], "ci_high": high[place]
            }  # fmt: skip


def _covered(tried: Trials, bootstrap: Bootstrap) -> Iterator[Row]:
    """Give how often the truth lay within the intervals, each window's from the errors of the ones before it.

    With one window from those of the other half of its customers.
    """
    several = len(np.unique(tried.fold)) > 1
    parts = tried.fold if several else tried.customer % 2
    for model, forecast in tried.forecasts.items():
        within = np.full((len(tried.customer), 2), np.nan)
        for part in np.unique(parts):
            rows = parts == part
            others = parts > part if several else ~rows
            past = Forecast(*(figure[others] for figure in forecast))
            errors = Measured.of(past, tried.orders[others], tried.spend[others])
            if errors is None:
                continue
            ends = errors.ends(Forecast(*(figure[rows] for figure in forecast)))
            pairs = ((ends.orders, tried.orders), (ends.spend, np.maximum(tried.spend, 0)))
            for place, ((low, high), truth) in enumerate(pairs):
                within[rows, place] = (low <= truth[rows]) & (truth[rows] <= high)
        yield from _shares(model, (ORDERS, REVENUE), "coverage", within, bootstrap)


def _dates(tried: Trials, bootstrap: Bootstrap) -> Iterator[Row]:
    """Give how often the next order came in its interval and by its date, and what became of the silent."""
    came = np.isfinite(tried.first)
    low, middle, high = tried.next_order.T
    model = BG_NBD if BG_NBD in tried.forecasts else OWN
    of_next = {
        "coverage": (low <= tried.first) & (tried.first <= high),
        "share_by_date": tried.first <= middle,
        "mae": np.abs(np.where(came, tried.first, 0) - middle),
    }
    for metric, values in of_next.items():
        yield from _shares(model, (NEXT_ORDER,), metric, np.where(came, values, np.nan)[:, None], bootstrap)
    told = np.isfinite(tried.usual_left)
    for metric, silent in (
        ("bought_if_unusual", told & (tried.usual_left < 0)),
        ("bought_if_usual", told & (tried.usual_left >= 0)),
    ):
        values = np.where(silent, came, np.nan)[:, None]
        yield from _shares(RHYTHM, (SILENCE,), metric, values, bootstrap)


def _shares(
    model: str, measures: Sequence[str], metric: str, values: Vector, bootstrap: Bootstrap
) -> Iterator[Row]:
    """Give the mean of each column, of the rows that have a value."""
    low, high = bootstrap.interval(values)
    customers = bootstrap.customers(~np.isnan(values))
    for place, measure in enumerate(measures):
        known = values[~np.isnan(values[:, place]), place]
        if len(known):
            yield {
                "model": model, "measure": measure, "metric": metric, "value": known.mean(),
                "ci_low": low[place], "ci_high": high[place], "customers": int(customers[place]),
            }  # fmt: skip
