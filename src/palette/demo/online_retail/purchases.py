"""What the demo shop's customers buy: clean lines of all their orders."""

from typing import Any

import numpy as np
import pandas as pd

from palette.demo.drawing import Bools, Floats, Ints, Rng, Times, draw_without_replacement, shares_of
from palette.demo.online_retail.customers import ANONYMOUS, MOST_LINES, draw_fondness
from palette.demo.online_retail.shop import month_of, open_days, trade_of

HOURS = np.arange(6, 21)
HOUR_TRADE = np.array([0.1, 0.3, 2, 6, 9, 11, 15, 14, 12.5, 14, 10, 5, 1.5, 0.7, 0.2])

CASE_SIZES = np.array([1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 36, 48, 72, 96])
DISCOUNT_FROM, DISCOUNT = 24, 0.85  # a case of this size and above is sold at this share of the price
WEBSITE_MARKUP = 1.96  # what visitors without an account pay
FANS_AT_HOME, FANS_ELSEWHERE = (
    0.3,
    0.1,
)  # share of customers fond of a bundle, in its customer type and others
BUNDLE_RATE, BUNDLE_KEPT = 0.45, 0.92  # how often fans order it, and how often each product of it is in stock
ORDERS_AT_ONCE = 5000  # bounds the memory of drawing baskets


def draw_purchases(
    spec: dict[str, Any], products: pd.DataFrame, people: pd.DataFrame, rng: Rng
) -> pd.DataFrame:
    """Clean lines of all orders by time, in the columns of the file; `document` stands for the invoice."""
    who, at = _orders(people, rng)
    chosen = _baskets(spec, products, people, who, at, rng)
    order, product = np.nonzero(chosen)
    shuffled = np.lexsort((rng.random(len(order)), order))
    order, product = order[shuffled], product[shuffled]

    buyer = people.iloc[who[order]].reset_index(drop=True)
    price = products["price"].to_numpy()[product]
    case = rng.normal(buyer["case"] - np.log(price / 2), 1.3).round().astype(np.int64)
    quantity = CASE_SIZES[case.clip(0, len(CASE_SIZES) - 1)]
    anonymous = (buyer["type"] == ANONYMOUS).to_numpy()
    price = np.where(quantity >= DISCOUNT_FROM, price * DISCOUNT, price)
    return pd.DataFrame(
        {
            "document": order,
            "prefix": "",
            "at": at[order],
            "StockCode": products["stock_code"].to_numpy()[product],
            "Description": products["name"].to_numpy()[product],
            "Quantity": quantity,
            "UnitPrice": np.where(anonymous, price * WEBSITE_MARKUP, price).round(2),
            "CustomerID": buyer["customer"],
            "Country": buyer["country"],
            "kind": np.where(anonymous, "missing_customer", ""),
        }
    )


def _orders(people: pd.DataFrame, rng: Rng) -> tuple[Ints, Times]:
    """Row in `people` and minute of every order, in order of time; everyone has one on their last day."""
    days = open_days()
    who = np.repeat(np.arange(len(people)), people["orders"])
    closes = np.r_[True, who[1:] != who[:-1]]
    first, last = people["first"].to_numpy()[who], people["last"].to_numpy()[who]
    trade = np.r_[0.0, np.cumsum(trade_of(days))]
    drawn = trade[first] + rng.random(len(who)) * (trade[last + 1] - trade[first])
    day = np.where(closes, last, np.searchsorted(trade, drawn, side="right") - 1)
    hour = rng.choice(HOURS, len(who), p=shares_of(HOUR_TRADE))
    at = days[day].astype("datetime64[m]") + hour * 60 + rng.integers(0, 60, len(who))
    by_time = np.lexsort((who, at))
    return who[by_time], at[by_time]


def _baskets(
    spec: dict[str, Any],
    products: pd.DataFrame,
    people: pd.DataFrame,
    who: Ints,
    at: Times,
    rng: Rng,
) -> Bools:
    """Tell which order holds which product: (orders, products)."""
    weight = draw_fondness(spec, products, people, rng)
    season = _season(spec, products)
    size = people["basket"].to_numpy()[who] * rng.lognormal(0, 0.5, len(who))
    lines = size.round().clip(1, MOST_LINES).astype(np.int64)
    parts = np.array_split(np.arange(len(who)), 1 + len(who) // ORDERS_AT_ONCE)
    chosen = np.vstack(
        [
            draw_without_replacement(weight[who[part]] + season[month_of(at[part])], lines[part], rng)
            for part in parts
        ]
    )
    for bundle in spec["bundles"]:
        share = np.where(people["type"] == bundle["type"], FANS_AT_HOME, FANS_ELSEWHERE)
        is_fan = rng.random(len(people)) < share
        orders = np.flatnonzero(is_fan[who] & (rng.random(len(who)) < BUNDLE_RATE))
        for product in np.flatnonzero(products["name"].isin(bundle["names"])):
            chosen[orders[rng.random(len(orders)) < BUNDLE_KEPT], product] = True
    return chosen


def _season(spec: dict[str, Any], products: pd.DataFrame) -> Floats:
    """Log weight of every product in every month: (12, products)."""
    even = [1.0] * 12
    season: Floats = np.log([spec["seasons"].get(theme, even) for theme in products["theme"]]).T
    return season
