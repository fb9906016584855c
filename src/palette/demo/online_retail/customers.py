"""The demo shop's customers: of which type each is, when they come, what they are fond of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from palette.demo.drawing import Floats, Rng, draw_without_replacement, shares_of
from palette.demo.online_retail.shop import HOME, LAST_DAY, open_days, trade_of

ANONYMOUS = "anonymous"
FAVOURITES, FAVOURITE_BOOST = 14, 11.0  # products a customer comes back for, and how much more often
FIRST_CUSTOMER, CUSTOMER_NUMBERS = 12347, 5941
MOST_ORDERS, MOST_LINES = 18, 90  # so that no single customer's habits make a rule


@dataclass(frozen=True)
class CustomerType:
    """A kind of customer; the fields are explained in `shop.yml`."""

    name: str
    customers: int
    orders: float
    basket: float
    case: float
    last_seen: float | None
    spread: float
    window: int
    tastes: dict[str, float]


def draw_people(spec: dict[str, Any], customers: int | None, rng: Rng) -> pd.DataFrame:
    """One row per customer or nameless visit, with habits; `first` and `last` index the open days."""
    types = [CustomerType(**row) for row in spec["customer_types"]]
    named = sum(kind.customers for kind in types if kind.name != ANONYMOUS)
    scale = 1.0 if customers is None else customers / named
    people = pd.concat([_people_of(kind, max(1, round(kind.customers * scale)), rng) for kind in types])
    people = people.sample(frac=1, random_state=rng).reset_index(drop=True)

    known = (people["type"] != ANONYMOUS).to_numpy()
    span = max(CUSTOMER_NUMBERS, known.sum())
    people["customer"] = pd.array([pd.NA] * len(people), dtype="Int64")
    people.loc[known, "customer"] = FIRST_CUSTOMER + np.sort(rng.choice(span, known.sum(), replace=False))
    countries = spec["countries"]
    people["country"] = rng.choice(list(countries), len(people), p=shares_of(list(countries.values())))
    people.loc[~known, "country"] = HOME
    return people


def _people_of(kind: CustomerType, count: int, rng: Rng) -> pd.DataFrame:
    days = open_days()
    if kind.last_seen is None:
        last = rng.choice(len(days), count, p=shares_of(trade_of(days)))
    else:
        ago = np.minimum(kind.last_seen * rng.lognormal(0, kind.spread, count), 372).astype(np.int64)
        last = np.maximum(np.searchsorted(days, LAST_DAY - ago, side="right") - 1, 0)
    known_for = (kind.window * np.cbrt(rng.random(count))).astype(np.int64)
    first = np.searchsorted(days, days[last] - known_for)
    return pd.DataFrame(
        {
            "type": kind.name,
            "orders": np.minimum(1 + rng.poisson(kind.orders * rng.gamma(2, 0.5, count)), MOST_ORDERS),
            "basket": kind.basket * rng.lognormal(0, 0.4, count),
            "case": kind.case + rng.normal(0, 1, count),
            "first": np.minimum(first, last),
            "last": last,
        }
    )


def draw_fondness(spec: dict[str, Any], products: pd.DataFrame, people: pd.DataFrame, rng: Rng) -> Floats:
    """Log weight of every product for every customer: (people, products)."""
    themes, styles = list(spec["themes"]), sorted(products["style"].unique())
    tastes = {kind["name"]: kind["tastes"] for kind in spec["customer_types"]}
    liking = np.array([[tastes[kind].get(theme, 1.0) for theme in themes] for kind in people["type"]])
    leaning = rng.standard_gamma(1.5 * liking) + 0.1
    theme_weight = np.log(leaning / leaning.sum(axis=1, keepdims=True))
    style_weight = rng.normal(0, 0.6, (len(people), len(styles)))
    weight: Floats = (
        theme_weight[:, pd.Index(themes).get_indexer(products["theme"])]
        + style_weight[:, pd.Index(styles).get_indexer(products["style"])]
        + np.log(products["popularity"].to_numpy())
    )
    is_favourite = draw_without_replacement(weight, np.full(len(people), FAVOURITES), rng)
    return np.where(is_favourite, weight + np.log(FAVOURITE_BOOST), weight)
