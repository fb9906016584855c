"""What every customer is expected to do from today on, by the model that past windows chose."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from palette.core.tables import empty
from palette.recommendations.codes import Vector
from palette.value.forecasts import BG_NBD, OWN, SPENT_BEFORE, Forecast, Known, Learned, forecasts_of
from palette.value.intervals import Ends, Measured, assumed
from palette.value.learning import NEXT, Trials
from palette.value.moments import HORIZONS, WEEK, Moment, OrderDays
from palette.value.rhythm import Rhythm

FAR = max(HORIZONS)  # days within which the next order is dated
LATEST = 3_650  # days after which a silence is unusual at most: a date that anybody can read
SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("customer_code", pa.int32(), nullable=False),
        pa.field("horizon_days", pa.int64(), nullable=False),
        pa.field("known_until", pa.date32(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("is_judged", pa.bool_(), nullable=False),
        pa.field("intervals_from", pa.string(), nullable=False),
        pa.field("is_newcomer", pa.bool_(), nullable=False),
        pa.field("expected_orders", pa.float64(), nullable=False),
        pa.field("orders_low", pa.float64(), nullable=False),
        pa.field("orders_high", pa.float64(), nullable=False),
        pa.field("expected_revenue", pa.float64(), nullable=False),
        pa.field("revenue_low", pa.float64(), nullable=False),
        pa.field("revenue_high", pa.float64(), nullable=False),
        pa.field("purchase_probability", pa.float64(), nullable=False),
        pa.field("probability_low", pa.float64(), nullable=False),
        pa.field("probability_high", pa.float64(), nullable=False),
        pa.field("alive_probability", pa.float64()),
        pa.field("next_order_on", pa.date32()),
        pa.field("next_order_from", pa.date32()),
        pa.field("next_order_to", pa.date32()),
        pa.field("rhythm_days", pa.float64()),
        pa.field("silence_days", pa.int64(), nullable=False),
        pa.field("silence_unusual_on", pa.date32()),
        pa.field("is_silence_unusual", pa.bool_(), nullable=False),
    ]
)
FIGURES = (
    "expected_orders", "orders_low", "orders_high", "expected_revenue", "revenue_low", "revenue_high",
    "purchase_probability", "probability_low", "probability_high",
)  # fmt: skip


class Choice(NamedTuple):
    """Which model past windows chose for a horizon, and whether BG/NBD lost to what they spent before."""

    model: str
    is_bg_nbd_worse: bool


def read_choices(rows: pd.DataFrame, retailer: str) -> dict[int, Choice]:
    """Read a retailer's rows of the mart `value_choices` whose model was judged, by horizon."""
    own = rows[(rows["retailer"] == retailer) & rows["judged_until"].notna()]
    columns = ["horizon_days", "model", "bg_nbd_mae", "spent_before_mae"]
    return {
        int(days): Choice(str(model), bool(pd.isna(mae) or mae > before))
        for days, model, mae, before in own[columns].itertuples(index=False)
    }


def all_forecasts(
    shops: Iterable[OrderDays],
    segments: pd.DataFrame,
    learned: Mapping[str, Mapping[int, Learned]],
    trials: Mapping[str, Sequence[Trials]],
    choices: pd.DataFrame,
) -> pd.DataFrame:
    """Forecast the customers of all retailers, see :func:`customer_forecasts`."""
    parts = [
        customer_forecasts(
            known,
            segments,
            learned[known.retailer],
            trials[known.retailer],
            read_choices(choices, known.retailer),
        )
        for known in shops
    ]
    return pd.concat([empty(SCHEMA), *parts], ignore_index=True)


def customer_forecasts(
    known: OrderDays,
    segments: pd.DataFrame,
    learned: Mapping[int, Learned],
    trials: Sequence[Trials],
    choices: Mapping[int, Choice],
) -> pd.DataFrame:
    """Forecast every customer of a retailer from the last day on.

    Parameters
    ----------
    known
        All of the retailer's order days.
    segments
        Rows of the seed `rfm_segments`.
    learned
        Of past windows, by horizon, see :func:`palette.value.learning.learn`.
    trials
        Past forecasts, whose errors make the intervals.
    choices
        By horizon; without one the nearest shorter horizon tells which model may be asked.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``, a row a customer and horizon. A longer horizon never has less than a
        shorter one.
    """
    now = Known(Moment(known))
    if not now.fitted:
        print(f"value: {known.retailer}: BG/NBD is left out, {now.reason}")
    if not now.usual_rate:
        print(f"value: {known.retailer}: nobody ordered on a second day yet, and no order is expected")
    names = now.moment.segments(segments)
    tried = {each.days: each for each in trials}
    always = _of_customers(now)
    most: dict[str, Vector] = {}
    parts = [empty(SCHEMA)]
    for days in sorted(learned):
        choice = choices.get(days)
        wanted = (choice.model,) if choice else _unjudged(days, choices)
        made = forecasts_of(now, names, days, learned[days], (*wanted, SPENT_BEFORE))
        model = next((name for name in wanted if name in made), SPENT_BEFORE)
        forecast = made[model]
        errors = _errors(tried.get(days), model)
        exposure = float(now.moment.age.sum())
        ends = errors.ends(forecast) if errors else assumed(forecast, now.rates, days, exposure)
        for name, figure in zip(FIGURES, _figures(forecast, ends), strict=True):
            most[name] = np.maximum(figure, most.get(name, 0.0))
        parts.append(
            always.assign(
                horizon_days=days,
                model=model,
                is_judged=choice is not None and choice.model == model,
                intervals_from="past_windows" if errors else "assumption",
                **{name: figure.round(6) for name, figure in most.items()},
            )
        )
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


def _unjudged(days: int, choices: Mapping[int, Choice]) -> tuple[str, ...]:
    """Name the models to ask for a horizon that was not judged, in order: none that lost on a shorter one."""
    shorter = [choices[other] for other in sorted(choices) if other < days]
    if not shorter:
        return (BG_NBD, OWN)
    if not shorter[-1].is_bg_nbd_worse:
        return (BG_NBD,)
    return (OWN,) if shorter[-1].model == OWN else (SPENT_BEFORE,)


def _errors(tried: Trials | None, model: str) -> Measured | None:
    if tried is None or model not in tried.forecasts:
        return None
    return Measured.of(tried.forecasts[model], tried.orders, tried.spend)


def _figures(forecast: Forecast, ends: Ends) -> tuple[Vector, ...]:
    return (forecast.orders, *ends.orders, forecast.spend, *ends.spend, forecast.buying, *ends.buying)


def _of_customers(now: Known) -> pd.DataFrame:
    """Return what is the same for every horizon."""
    moment = now.moment
    until = pd.Timestamp(moment.known.end, unit="D").as_unit("s")
    low, middle, high = (
        np.ceil(now.rates.share_by(FAR / WEEK, share) * WEEK).clip(1, FAR) if now.usual_rate else None
        for share in NEXT
    )
    rhythm = Rhythm.of(moment)
    after = np.minimum(rhythm.usual_until(moment), LATEST)
    return pd.DataFrame(
        {
            "retailer": moment.known.retailer,
            "customer_code": moment.customers.astype(np.int32),
            "known_until": until,
            "is_newcomer": moment.x == 0,
            "alive_probability": now.rates.alive.round(6) if now.fitted else np.nan,
            "next_order_on": _day(until, middle, moment.size),
            "next_order_from": _day(until, low, moment.size),
            "next_order_to": _day(until, high, moment.size),
            "rhythm_days": rhythm.days(moment).round(6),
            "silence_days": moment.silence.astype(np.int64),
            "silence_unusual_on": _day(until, after - moment.silence + 1, moment.size),
            "is_silence_unusual": moment.silence > after,
        }
    )


def _day(until: pd.Timestamp, days: Vector | None, size: int) -> NDArray[np.datetime64]:
    """Return so many days later; not a time where it is not known."""
    given = np.full(size, np.nan) if days is None else days
    known = np.isfinite(given)
    found = until.to_datetime64() + np.where(known, given, 0).astype("timedelta64[D]")
    return np.where(known, found, np.datetime64("NaT", "s"))
