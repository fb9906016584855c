"""When the demo retailer's clients come: the days of the window and the minutes of a day."""

from typing import Any

import numpy as np

from palette.demo.drawing import Bools, Ints, Rng, draw_rows
from palette.demo.lpoint.clients import DRIFTS
from palette.demo.lpoint.shop import Shop

FIRST_DAY, DAYS = np.datetime64("2019-07-01"), 92
MINUTES = 24 * 60


def day_of(date: Any) -> int:
    """Count the days from the first day of the window."""
    return int((np.datetime64(date, "D") - FIRST_DAY) / np.timedelta64(1, "D"))


def draw_days(spec: dict[str, Any], is_weekend: Bools, drift: Ints, rng: Rng) -> Ints:
    """Draw the day of each order: a weekend or holiday or another one, weighted by the client's drift."""
    weights = spec["days"]
    weekday = np.arange(DAYS) % 7  # the first day is a Monday
    weekend = np.select([weekday == 5, weekday == 6], [weights["saturday"], weights["sunday"]], 0.0)
    weekend[[day_of(holiday) for holiday in weights["holidays"]]] = weights["holiday"]
    by_kind = np.stack([1.0 * (weekend == 0), weekend])
    after = np.array([spec["drift"].get(name, {}).get("weight", 1.0) for name in DRIFTS])
    by_drift = np.where(np.arange(DAYS) >= day_of(spec["drift"]["from"]), after[:, None], 1.0)
    table = (by_kind[:, None, :] * by_drift).reshape(-1, DAYS)
    return draw_rows(table, is_weekend * len(DRIFTS) + drift, rng)


def draw_minutes(shop: Shop, unit: Ints, rng: Rng) -> Ints:
    """Draw the minute of the day by the hours of the unit."""
    table = np.array([shop.spec["hours"][row["hours"]] for row in shop.spec["units"].values()])
    return draw_rows(table, unit, rng) * 60 + rng.integers(0, 60, len(unit))
