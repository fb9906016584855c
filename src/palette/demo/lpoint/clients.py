"""The demo retailer's clients: which group, type and taste each is of, and the habits of each."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from palette.demo.drawing import Floats, Ints, Rng, choose
from palette.demo.lpoint.shop import Shop, draw_products_of

BOTH, OFFLINE_ONLY, ONLINE_ONLY, BROWSER, UNKNOWN = range(5)
GROUPS = ("both", "offline_only", "online_only", "browser")
STEADY, TASTE_DRIFT, QUIETER, BUSIER = range(4)
DRIFTS = ("none", "taste", "quieter", "busier")


@dataclass(frozen=True)
class People:
    """Clients, or a chunk of them: one entry each; `taste_after` is the taste from the day of drift on."""

    client: Ints
    group: Ints
    behaviour: Ints
    taste: Ints
    taste_after: Ints
    style: Ints
    drift: Ints
    gender: Ints
    age: Ints

    def part(self, rows: Any) -> "People":
        """Take some of them."""
        return People(**{name: values[rows] for name, values in vars(self).items()})

    def __len__(self) -> int:
        """Count them."""
        return len(self.client)


@dataclass(frozen=True)
class Habits:
    """What makes a client of a chunk a person: all (clients,) but for `favourite`, (clients, categories)."""

    weekend: Floats
    offline_orders: Ints
    online_orders: Ints
    basket: Floats
    spending: Floats
    visits: Ints
    depth: Floats
    single: Floats
    favourite: Ints


def draw_people(spec: dict[str, Any], customers: int, rng: Rng) -> People:
    """Draw all clients, by id; those of group `UNKNOWN` have no row in the demographics."""
    unknown = ceil(customers * spec["unknown_clients"])
    sizes = [_group_size(customers, **group) for group in spec["groups"].values()]
    group = np.repeat(np.arange(5), [*sizes, customers - sum(sizes), unknown])
    count = len(group)
    group = rng.permutation(group)
    taste = choose(_fields(spec["taste_types"], "share"), count, rng)
    drifting = [spec["drift"][name]["share"] for name in DRIFTS[1:]]
    drift = np.where(group < BROWSER, choose([1 - sum(drifting), *drifting], count, rng), STEADY)
    tastes = len(spec["taste_types"])
    another = (taste + rng.integers(1, tastes, count)) % tastes
    is_known = rng.random(count) < _known_share(spec["demographics"], group)
    ages = spec["demographics"]["ages"]
    age = np.array(list(ages))[choose(list(ages.values()), count, rng)]
    female = rng.random(count) < spec["demographics"]["female"]
    return People(
        client=np.arange(1, count + 1),
        group=group,
        behaviour=choose(_fields(spec["behaviour_types"], "share"), count, rng),
        taste=taste,
        taste_after=np.where(drift == TASTE_DRIFT, another, taste),
        style=rng.integers(0, len(spec["styles"]["names"]), count),
        drift=drift,
        gender=np.where(is_known, np.where(female, 1, 2), 0),
        age=np.where(is_known, age, 0),
    )


def _group_size(customers: int, share: float, at_least: int, at_most: float) -> int:
    return round(max(share * customers, min(at_least, at_most * customers)))


def _fields(rows: dict[str, dict[str, Any]], field: str) -> list[float]:
    return [row[field] for row in rows.values()]


def _known_share(demographics: dict[str, Any], group: Ints) -> Floats:
    """Give the share of known gender and age; browsers make up for the buyers, of whom more is known."""
    buyer, overall = demographics["known"]["buyer"], demographics["known"]["all"]
    buyers = np.mean(group[group < UNKNOWN] < BROWSER)
    browser = max(0.0, (overall - buyer * buyers) / max(1.0 - buyers, 0.01))
    share: Floats = np.where(group < BROWSER, buyer, browser)
    return share


def draw_habits(shop: Shop, some: People, rng: Rng) -> Habits:
    """Draw what each client of a chunk is like, around their type."""
    spec, spread, count = shop.spec, shop.spec["spread"], len(some)

    def of_type(field: str) -> Floats:
        values = np.array([getattr(kind, field) for kind in shop.behaviours])
        return np.asarray(values[some.behaviour], dtype=np.float64)

    mean = of_type("weekend")
    weekend = rng.beta(spread["weekend"] * mean, spread["weekend"] * (1 - mean))
    activity = rng.lognormal(0, spread["activity"], count)
    bursts = rng.lognormal(-(spread["online_orders"] ** 2) / 2, spread["online_orders"], count)
    offline = 1 + rng.poisson(of_type("offline_orders") * activity)
    online = 1 + rng.poisson(of_type("online_orders") * bursts)
    buys = some.group < BROWSER
    browsing = spec["browsing"]
    visits = rng.poisson(np.where(buys, of_type("visits"), browsing["visits"]) * activity)
    age = np.array([spec["demographics"]["spending"].get(year, 1.0) for year in range(0, 70, 10)])
    return Habits(
        weekend=weekend,
        offline_orders=np.where(some.group <= OFFLINE_ONLY, offline, 0).clip(0, spec["most_orders"]),
        online_orders=np.where((some.group == BOTH) | (some.group == ONLINE_ONLY), online, 0).clip(
            0, spec["most_orders"]
        ),
        basket=of_type("basket") * rng.lognormal(0, spread["activity"], count),
        spending=age[some.age // 10] * rng.lognormal(0, spread["spending"], count),
        visits=np.where(some.group == OFFLINE_ONLY, 0, visits + ~buys),
        depth=np.where(buys, of_type("depth"), browsing["depth"]) * rng.lognormal(0, spread["depth"], count),
        single=np.where(buys, of_type("single"), browsing["single"]),
        favourite=_favourites(shop, some, rng),
    )


def _favourites(shop: Shop, some: People, rng: Rng) -> Ints:
    """Draw favourite products, (clients, categories): -1 where a client has none in a category."""
    liked = np.log(shop.mix[shop.units.index("B02")] * shop.liking)[some.taste]
    tilt = shop.spec["favourites"]["closeness"] * liked
    best = np.argsort(-(tilt + rng.gumbel(size=tilt.shape)), axis=1, kind="stable")
    category = best[:, : shop.spec["favourites"]["number"]]
    product = draw_products_of(shop, category.ravel(), np.repeat(some.style, category.shape[1]), rng)
    favourite = np.full(tilt.shape, -1)
    np.put_along_axis(favourite, category, product.reshape(category.shape), axis=1)
    return np.where((some.group < BROWSER)[:, None], favourite, -1)
