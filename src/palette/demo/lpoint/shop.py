"""The demo retailer itself: its products, units and planted pairs, and what kinds of clients it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from palette.demo.drawing import Floats, Ints, Rng

PRICE_RANGE, POPULARITY_RANGE = (0.4, 2.5), (0.2, 4.0)  # of a product, about those of its category


@dataclass(frozen=True)
class BehaviourType:
    """How a kind of client buys; the fields are explained in `shop.yml`."""

    name: str
    share: float
    weekend: float
    offline_orders: float
    online_orders: float
    basket: float
    visits: float
    depth: float
    single: float


class Pair(NamedTuple):
    """Two products (rows of the product table) that one taste buys together in a share of its orders."""

    a: int
    b: int
    taste: int
    own: float
    others: float


@dataclass(frozen=True)
class Shop:
    """The retailer: its products, categories and units, and what the types of its clients are like.

    Attributes
    ----------
    spec : dict
        `shop.yml`.
    products : pandas.DataFrame
        Product table by category; `category` numbers it, `price` is in won.
    popularity : numpy.ndarray
        Cumulated popularity of the products in the eyes of each style: (styles, products).
    price, pieces : numpy.ndarray
        Price of a product, and mean pieces beyond the first: (products,).
    mix : numpy.ndarray
        Weight of every category in every unit: (units, categories).
    liking : numpy.ndarray
        Factor of every category for every taste: (tastes, categories).
    first, last : numpy.ndarray
        The products of a category are first <= product < last.
    """

    spec: dict[str, Any]
    products: pd.DataFrame
    behaviours: list[BehaviourType]
    tastes: list[str]
    units: list[str]
    pairs: list[Pair]
    popularity: Floats
    price: Floats
    pieces: Floats
    mix: Floats
    liking: Floats
    first: Ints
    last: Ints


def draw_shop(rng: Rng) -> Shop:
    """Read what the retailer is like; prices and popularity of its products are drawn."""
    spec: dict[str, Any] = yaml.safe_load(_package_file("shop.yml"))
    products = pd.read_csv(StringIO(_package_file("products.csv")), dtype=str)
    products = products.sort_values(["clac_nm1", "pd_c"], kind="stable", ignore_index=True)
    rows = [(name, shelf, *row) for shelf, shown in spec["shelves"].items() for name, row in shown.items()]
    categories = pd.DataFrame(rows, columns=["name", "shelf", "lines", "price"]).sort_values("name")
    category = pd.Index(categories["name"]).get_indexer(products["clac_nm1"])
    numbers = np.arange(len(categories))

    mix = [
        [spec["unit_shelves"][unit].get(shelf, 1.0) for shelf in categories["shelf"]]
        for unit in spec["units"]
    ]
    liking = [
        [
            kind["categories"].get(name, kind["shelves"].get(shelf, 1.0))
            for name, shelf in zip(categories["name"], categories["shelf"], strict=True)
        ]
        for kind in spec["taste_types"].values()
    ]
    pieces = [spec["quantity"].get(shelf, spec["quantity"]["default"]) for shelf in categories["shelf"]]
    own_price = rng.lognormal(0, spec["price"]["product"], len(products)).clip(*PRICE_RANGE)
    pairs = _pairs(spec, products)
    return Shop(
        spec=spec,
        products=products,
        behaviours=[BehaviourType(name, **row) for name, row in spec["behaviour_types"].items()],
        tastes=list(spec["taste_types"]),
        units=list(spec["units"]),
        pairs=pairs,
        popularity=_popularity(spec, len(products), pairs, rng),
        price=categories["price"].to_numpy(dtype=np.float64)[category] * own_price,
        pieces=np.array(pieces)[category],
        mix=categories["lines"].to_numpy(dtype=np.float64) * np.array(mix),
        liking=np.array(liking, dtype=np.float64),
        first=np.searchsorted(category, numbers),
        last=np.searchsorted(category, numbers, side="right"),
    )


def _pairs(spec: dict[str, Any], products: pd.DataFrame) -> list[Pair]:
    row = {name: index for index, name in enumerate(products["clac_nm3"])}
    tastes = list(spec["taste_types"])
    return [
        Pair(row[pair["a"]], row[pair["b"]], tastes.index(pair["taste"]), pair["own"], pair["others"])
        for pair in spec["pairs"]["planted"]
    ]


def _package_file(name: str) -> str:
    return files("palette.demo.lpoint").joinpath(name).read_text(encoding="utf-8")


def _popularity(spec: dict[str, Any], products: int, pairs: Sequence[Pair], rng: Rng) -> Floats:
    """Cumulate the popularity of the products for each style; halves of pairs are rare on their own."""
    popularity = rng.lognormal(0, 0.7, products).clip(*POPULARITY_RANGE)
    popularity[[half for pair in pairs for half in (pair.a, pair.b)]] *= spec["pairs"]["alone"]
    styles = len(spec["styles"]["names"])
    is_own = rng.integers(0, styles, products) == np.arange(styles)[:, None]
    cumulated: Floats = np.cumsum(np.where(is_own, spec["styles"]["boost"], 1.0) * popularity, axis=1)
    return cumulated


def draw_products_of(shop: Shop, category: Ints, style: Ints, rng: Rng) -> Ints:
    """Draw a product of each category by its popularity in the eyes of a style."""
    total = shop.popularity[:, -1].max() + 1
    cumulated = (shop.popularity + total * np.arange(len(shop.popularity))[:, None]).ravel()
    below = np.where(shop.first[category] > 0, shop.popularity[style, shop.first[category] - 1], 0.0)
    drawn = below + rng.random(len(category)) * (shop.popularity[style, shop.last[category] - 1] - below)
    found = np.searchsorted(cumulated, drawn + total * style, side="right") - shop.popularity.shape[1] * style
    products: Ints = found.clip(shop.first[category], shop.last[category] - 1)
    return products


def of_units(shop: Shop, field: str) -> Floats:
    """Give a field of every unit, 0 where it has none."""
    return np.array([unit.get(field, 0.0) for unit in shop.spec["units"].values()], dtype=np.float64)
