"""The demo shop itself: what it sells, and when it is open and busy."""

from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from palette.demo.drawing import Floats, Ints, Rng, Times

HOME = "United Kingdom"

FIRST_DAY, LAST_DAY = np.datetime64("2010-12-01"), np.datetime64("2011-12-09")
CLOSED = np.arange("2010-12-24", "2011-01-04", dtype="datetime64[D]")
PEAK_DAY, PEAK_TRADE = np.datetime64("2011-11-24"), 4.0
MONTH_TRADE = np.array([0.9, 0.85, 0.9, 0.85, 0.95, 0.9, 0.9, 0.9, 1.15, 1.25, 1.45, 1.2])  # January first
WEEKDAY_TRADE = np.array([1.0, 1.05, 1.0, 1.1, 0.85, 0.0, 0.7])  # Monday first; never on a Saturday


def read_spec() -> dict[str, Any]:
    """Read what the shop is like."""
    text = files("palette.demo.online_retail").joinpath("shop.yml").read_text(encoding="utf-8")
    spec: dict[str, Any] = yaml.safe_load(text)
    return spec


def draw_catalogue(spec: dict[str, Any], rng: Rng) -> pd.DataFrame:
    """One row per product: stock_code, name, theme, style, price, popularity; bundled ones sell less."""
    rows = []
    number, lettered = 20700, 84500
    for theme, items in spec["themes"].items():
        for item in items:
            number, lettered = number + 7, lettered + 7
            for index, style in enumerate(spec["styles"].get(str(item["of"]), item["of"])):
                number += 1
                code = f"{lettered}{chr(65 + index)}" if item["of"] == "colours" else str(number)
                rows.append((code, item["name"].format(style), theme, style, float(item["price"])))
    products = pd.DataFrame(rows, columns=["stock_code", "name", "theme", "style", "price"])
    bundled = products["name"].isin([name for bundle in spec["bundles"] for name in bundle["names"]])
    popularity = np.minimum(rng.lognormal(0, 0.6, len(products)), 3)
    return products.assign(popularity=np.where(bundled, 0.35, popularity))


def open_days() -> Times:
    """List the days that the shop is open on."""
    days: Times = np.arange(FIRST_DAY, LAST_DAY + np.timedelta64(1, "D"))
    is_open = (_weekday(days) != 5) & ~np.isin(days, CLOSED)
    return np.compress(is_open, days)


def _weekday(days: Times) -> Ints:
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def month_of(days: Times) -> Ints:
    """Tell the month of days, 0 for January."""
    return days.astype("datetime64[M]").astype(np.int64) % 12


def trade_of(days: Times) -> Floats:
    """Weigh days by how much is sold on them."""
    weights: Floats = MONTH_TRADE[month_of(days)] * WEEKDAY_TRADE[_weekday(days)]
    return np.where(days == PEAK_DAY, weights * PEAK_TRADE, weights)
