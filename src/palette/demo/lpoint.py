"""Demo omnichannel retailer in the form of the L.POINT competition data: behaviour and taste are known.

What it sells and how its clients behave is in `lpoint.yml`, the product table in `lpoint_products.csv`. All
clients are drawn first (`_people`); what they do is drawn and written a chunk of clients at a time, so that
any number of them fits into memory: their orders (`_orders`), the lines of those (`_lines`), dirt beside the
lines (`_add_dirt`), and the sessions and hits around the online orders (`_sessions`, `_hits`).
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import yaml

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rng = np.random.Generator
Columns = dict[str, npt.NDArray[Any]]
"""Columns of one length by name."""

DELIVERY = "제6회 L.POINT Big Data Competition-분석용데이터-"
HITS_FILE = f"{DELIVERY}01.온라인 행동 정보.csv"
LINES_FILE = f"{DELIVERY}02.거래 정보.csv"
CLIENTS_FILE = f"{DELIVERY}03.고객 Demographic 정보.csv"
PRODUCTS_FILE = f"{DELIVERY}04.상품분류 정보.csv"
WEATHER_FILE = "weather.csv"
HIT_COLUMNS = (
    *("clnt_id", "sess_id", "hit_seq", "action_type", "biz_unit", "sess_dt", "hit_tm", "hit_pss_tm"),
    *("trans_id", "sech_kwd", "tot_pag_view_ct", "tot_sess_hr_v", "trfc_src", "dvc_ctg_nm"),
)
LINE_COLUMNS = (
    *("clnt_id", "trans_id", "trans_seq", "biz_unit", "pd_c", "de_dt", "de_tm", "buy_am", "buy_ct"),
)
DIRTY_KEYS = ("clnt_id", "trans_id", "trans_seq", "sess_id", "hit_seq")
DIRTY_COLUMNS = ("file", "line_number", "kind", "cleaning_step", *DIRTY_KEYS)
AFFINITY_COLUMNS = ("clnt_id", "pd_c")

CLIENTS = 8000  # the demo's own number; the original has 72,399
CLIENTS_AT_ONCE = 10_000  # bounds the memory
FIRST_DAY, DAYS = np.datetime64("2019-07-01"), 92
MINUTES = 24 * 60
FIRST_ORDER = 100_001

BOTH, OFFLINE_ONLY, ONLINE_ONLY, BROWSER, UNKNOWN = range(5)
GROUPS = ("both", "offline_only", "online_only", "browser")
STEADY, TASTE_DRIFT, QUIETER, BUSIER = range(4)
DRIFTS = ("none", "taste", "quieter", "busier")
SEARCH, CHECKOUT, PURCHASE = 0, 5, 6
STAGES = ("before", "checkout", "purchase", "after")
MOST_HITS = 300  # of a visit
PRICE_RANGE, POPULARITY_RANGE = (0.4, 2.5), (0.2, 4.0)  # of a product, about those of its category
KINDS = (
    "",
    "short_product_code",
    "missing_product",
    "missing_client",
    "zero_quantity",
    "missing_amount",
    "outlier_amount",
    "unknown_product",
)
"""Kinds of transaction lines; the first is clean."""
SHORT_CODE, MISSING_CLIENT = 1, 3
NO_PRODUCT = NO_AMOUNT = -1
CLEANING_STEP = {
    "missing_product": 1,
    "missing_client": 1,
    "zero_quantity": 2,
    "missing_amount": 2,
    "outlier_amount": 3,
}
"""The cleaning step that drops a kind of dirty line; other kinds are kept."""


@dataclass(frozen=True)
class BehaviourType:
    """How a kind of client buys; the fields are explained in `lpoint.yml`."""

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
        `lpoint.yml`.
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


def write(folder: Path, truth: Path, seed: int, customers: int | None = None) -> None:
    """Write the retailer's four files, the weather, and the truth about its clients.

    Parameters
    ----------
    folder : Path
        Existing folder for the delivery's files and `weather.csv` (all UTF-8).
    truth : Path
        Existing folder for `clients.csv`, `affinities.csv`, `pairs.csv` and `dirty_lines.csv`.
    seed : int
        The same seed gives the same bytes.
    customers : int, optional
        Clients in the demographics; `CLIENTS` if None. The original has 72,399.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    shop = _shop(rng)
    people = _people(shop.spec, CLIENTS if customers is None else customers, rng)
    _write_products(shop, folder / PRODUCTS_FILE)
    _write_weather(shop.spec["weather"], rng, folder / WEATHER_FILE)
    _write_clients(shop, people, folder / CLIENTS_FILE, truth / "clients.csv")
    _write_pairs(shop, truth / "pairs.csv")
    with ExitStack() as stack:
        files = _Files(
            hits=stack.enter_context(_Csv(folder / HITS_FILE, HIT_COLUMNS)),
            lines=stack.enter_context(_Csv(folder / LINES_FILE, LINE_COLUMNS)),
            dirty=stack.enter_context(_Csv(truth / "dirty_lines.csv", DIRTY_COLUMNS)),
            affinities=stack.enter_context(_Csv(truth / "affinities.csv", AFFINITY_COLUMNS)),
        )
        dirt, next_order = _Dirt(shop.spec["dirt"]), FIRST_ORDER
        for start in range(0, len(people), CLIENTS_AT_ONCE):
            some = people.part(slice(start, start + CLIENTS_AT_ONCE))
            next_order += _write_chunk(shop, some, files, dirt, next_order, rng)


def _write_chunk(shop: Shop, some: People, files: "_Files", dirt: "_Dirt", first_order: int, rng: Rng) -> int:
    """Append what some clients do, their orders numbered from `first_order`; give the number of orders."""
    habits = _habits(shop, some, rng)
    orders = _orders(shop, some, habits, rng)
    clean = _lines(shop, some, habits, orders, rng)
    sessions = _sessions(shop, some, habits, orders, clean, rng)
    hits = _hits(shop, sessions, rng)
    _set_order_times(orders, sessions, hits)
    totals = _totals(shop, sessions, hits, rng)
    lines = _add_dirt(shop, clean, orders, dirt, rng)

    line_table = _line_table(shop, some, orders, lines, first_order)
    hit_table = _hit_table(shop, some, sessions, totals, hits, first_order, rng)
    is_unknown = (some.group == UNKNOWN)[sessions["who"]][hits["session"]]
    files.dirty.append(_dirty_lines(line_table, lines["kind"], files.lines.length))
    files.dirty.append(_dirty_hits(hit_table, is_unknown, files.hits.length))
    files.lines.append(line_table)
    files.hits.append(hit_table)
    files.affinities.append(_affinities(shop, some, habits))
    return int(lines["order"].max(initial=-1)) + 1


# ---------------------------------------------------------------- the shop


def _shop(rng: Rng) -> Shop:
    spec: dict[str, Any] = yaml.safe_load(_package_file("lpoint.yml"))
    products = pd.read_csv(StringIO(_package_file("lpoint_products.csv")), dtype=str)
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
    return files("palette.demo").joinpath(name).read_text(encoding="utf-8")


def _popularity(spec: dict[str, Any], products: int, pairs: Sequence[Pair], rng: Rng) -> Floats:
    """Cumulate the popularity of the products for each style; halves of pairs are rare on their own."""
    popularity = rng.lognormal(0, 0.7, products).clip(*POPULARITY_RANGE)
    popularity[[half for pair in pairs for half in (pair.a, pair.b)]] *= spec["pairs"]["alone"]
    styles = len(spec["styles"]["names"])
    is_own = rng.integers(0, styles, products) == np.arange(styles)[:, None]
    cumulated: Floats = np.cumsum(np.where(is_own, spec["styles"]["boost"], 1.0) * popularity, axis=1)
    return cumulated


# ---------------------------------------------------------------- the clients


def _people(spec: dict[str, Any], customers: int, rng: Rng) -> People:
    """Draw all clients, by id; those of group `UNKNOWN` have no row in the demographics."""
    unknown = ceil(customers * spec["unknown_clients"])
    sizes = [_group_size(customers, **group) for group in spec["groups"].values()]
    group = np.repeat(np.arange(5), [*sizes, customers - sum(sizes), unknown])
    count = len(group)
    group = rng.permutation(group)
    taste = _choose(_fields(spec["taste_types"], "share"), count, rng)
    drifting = [spec["drift"][name]["share"] for name in DRIFTS[1:]]
    drift = np.where(group < BROWSER, _choose([1 - sum(drifting), *drifting], count, rng), STEADY)
    tastes = len(spec["taste_types"])
    another = (taste + rng.integers(1, tastes, count)) % tastes
    is_known = rng.random(count) < _known_share(spec["demographics"], group)
    ages = spec["demographics"]["ages"]
    age = np.array(list(ages))[_choose(list(ages.values()), count, rng)]
    female = rng.random(count) < spec["demographics"]["female"]
    return People(
        client=np.arange(1, count + 1),
        group=group,
        behaviour=_choose(_fields(spec["behaviour_types"], "share"), count, rng),
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


def _habits(shop: Shop, some: People, rng: Rng) -> Habits:
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
    product = _products_of(shop, category.ravel(), np.repeat(some.style, category.shape[1]), rng)
    favourite = np.full(tilt.shape, -1)
    np.put_along_axis(favourite, category, product.reshape(category.shape), axis=1)
    return np.where((some.group < BROWSER)[:, None], favourite, -1)


def _products_of(shop: Shop, category: Ints, style: Ints, rng: Rng) -> Ints:
    """Draw a product of each category by its popularity in the eyes of a style."""
    total = shop.popularity[:, -1].max() + 1
    cumulated = (shop.popularity + total * np.arange(len(shop.popularity))[:, None]).ravel()
    below = np.where(shop.first[category] > 0, shop.popularity[style, shop.first[category] - 1], 0.0)
    drawn = below + rng.random(len(category)) * (shop.popularity[style, shop.last[category] - 1] - below)
    found = np.searchsorted(cumulated, drawn + total * style, side="right") - shop.popularity.shape[1] * style
    products: Ints = found.clip(shop.first[category], shop.last[category] - 1)
    return products


# ---------------------------------------------------------------- their orders


def _orders(shop: Shop, some: People, habits: Habits, rng: Rng) -> Columns:
    """Orders of a chunk: who (row of the chunk), is_online, unit, day of the window, minute, taste."""
    counts = [habits.offline_orders, habits.online_orders]
    who = np.concatenate([np.repeat(np.arange(len(some)), count) for count in counts])
    is_online = np.repeat([False, True], [count.sum() for count in counts])
    day = _days(shop.spec, rng.random(len(who)) < habits.weekend[who], some.drift[who], rng)
    drifted = day >= _day(shop.spec["drift"]["from"])
    taste = np.where(drifted, some.taste_after[who], some.taste[who])
    unit = _unit_of(shop, is_online, taste, rng)
    minute = _minutes(shop, unit, rng)
    orders = {
        "who": who,
        "is_online": is_online,
        "unit": unit,
        "day": day,
        "minute": minute,
        "taste": taste,
        "drifted": drifted,
    }
    in_time = np.lexsort((minute, day, who))
    return {name: values[in_time] for name, values in orders.items()}


def _unit_of(shop: Shop, is_online: Bools, taste: Ints, rng: Rng) -> Ints:
    """Draw the unit of each order: of its channel, tilted by taste."""
    share, online = _of_units(shop, "orders"), _of_units(shop, "online")
    kinds = shop.spec["taste_types"].values()
    tilt = np.array([[kind["units"][unit] for unit in shop.units] for kind in kinds])
    table = np.concatenate([tilt * share * (online == channel) for channel in (False, True)])
    return _draw_rows(table, is_online * len(shop.tastes) + taste, rng)


def _of_units(shop: Shop, field: str) -> Floats:
    """Give a field of every unit, 0 where it has none."""
    return np.array([unit.get(field, 0.0) for unit in shop.spec["units"].values()], dtype=np.float64)


def _minutes(shop: Shop, unit: Ints, rng: Rng) -> Ints:
    """Draw the minute of the day by the hours of the unit."""
    table = np.array([shop.spec["hours"][row["hours"]] for row in shop.spec["units"].values()])
    return _draw_rows(table, unit, rng) * 60 + rng.integers(0, 60, len(unit))


def _day(date: Any) -> int:
    return int((np.datetime64(date, "D") - FIRST_DAY) / np.timedelta64(1, "D"))


def _days(spec: dict[str, Any], is_weekend: Bools, drift: Ints, rng: Rng) -> Ints:
    """Draw the day of each order: a weekend or holiday or another one, weighted by the client's drift."""
    weights = spec["days"]
    weekday = np.arange(DAYS) % 7  # the first day is a Monday
    weekend = np.select([weekday == 5, weekday == 6], [weights["saturday"], weights["sunday"]], 0.0)
    weekend[[_day(holiday) for holiday in weights["holidays"]]] = weights["holiday"]
    by_kind = np.stack([1.0 * (weekend == 0), weekend])
    after = np.array([spec["drift"].get(name, {}).get("weight", 1.0) for name in DRIFTS])
    by_drift = np.where(np.arange(DAYS) >= _day(spec["drift"]["from"]), after[:, None], 1.0)
    table = (by_kind[:, None, :] * by_drift).reshape(-1, DAYS)
    return _draw_rows(table, is_weekend * len(DRIFTS) + drift, rng)


# ---------------------------------------------------------------- the lines of an order


def _lines(shop: Shop, some: People, habits: Habits, orders: Columns, rng: Rng) -> Columns:
    """Clean lines of all orders: order, seq (from 1), product, amount (won a piece), count."""
    beyond = _of_units(shop, "lines")[orders["unit"]]
    number = 1 + rng.poisson(beyond * habits.basket[orders["who"]])
    order = np.repeat(np.arange(len(number)), number)
    product = _products(shop, some, habits, orders, order, rng)
    paired, half = _paired(shop, orders, rng)
    order, product = np.concatenate([order, paired]), np.concatenate([product, half])
    shuffled = np.lexsort((rng.random(len(order)), order))
    order, product = order[shuffled], product[shuffled]

    unit_price = _of_units(shop, "price")[orders["unit"]]
    level = unit_price * habits.spending[orders["who"]]
    noise = rng.lognormal(0, shop.spec["price"]["line"], len(order))
    amount = (shop.price[product] * level[order] * noise / 10).round().clip(20).astype(np.int64) * 10
    count = 1 + rng.poisson(shop.pieces[product])
    most = shop.spec["price"]["most"]
    return {
        "order": order,
        "seq": _number_within(order),
        "product": product,
        "amount": np.minimum(amount, most // count),
        "count": count,
    }


def _products(shop: Shop, some: People, habits: Habits, orders: Columns, order: Ints, rng: Rng) -> Ints:
    """Draw the product of each line: a category by the client's taste and the unit, then one of it."""
    moved = np.flatnonzero(some.drift == TASTE_DRIFT)
    buyers = np.flatnonzero(some.group < BROWSER)
    taste = np.concatenate([some.taste[buyers], some.taste_after[moved]])
    liking = _liking(shop, taste, rng)
    row_before = np.zeros(len(some), dtype=np.int64)
    row_before[buyers] = np.arange(len(buyers))
    row_after = row_before.copy()
    row_after[moved] = len(buyers) + np.arange(len(moved))

    profile = np.where(orders["drifted"], row_after[orders["who"]], row_before[orders["who"]])
    table = (liking[:, None, :] * shop.mix).reshape(-1, shop.mix.shape[1])
    row = profile * len(shop.units) + orders["unit"]
    category = _draw_rows(table, row[order], rng)
    who = orders["who"][order]
    product = _products_of(shop, category, some.style[who], rng)
    favourite = habits.favourite[who, category]
    comes_back = (favourite >= 0) & (rng.random(len(order)) < shop.spec["favourites"]["kept"])
    return np.where(comes_back, favourite, product)


def _liking(shop: Shop, taste: Ints, rng: Rng) -> Floats:
    """Factor of every category for everyone of a taste, (clients, categories): a blend, then noise."""
    own, other = shop.spec["spread"]["own_taste"]
    weight = np.where(taste[:, None] == np.arange(len(shop.tastes)), own, other)
    blend = rng.standard_gamma(weight)
    blend /= blend.sum(axis=1, keepdims=True)
    shape = shop.spec["spread"]["category"]
    noise = rng.standard_gamma(shape, (len(taste), shop.liking.shape[1])) / shape
    liking: Floats = (blend @ shop.liking) * noise
    return liking


def _paired(shop: Shop, orders: Columns, rng: Rng) -> tuple[Ints, Ints]:
    """Order and product of the lines that planted pairs add."""
    spec = shop.spec["pairs"]
    is_open = ~np.isin(orders["unit"], [shop.units.index(unit) for unit in spec["not_in"]])
    added = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))]
    for pair in shop.pairs:
        share = np.where(orders["taste"] == pair.taste, pair.own, pair.others)
        chosen = np.flatnonzero(is_open & (rng.random(len(share)) < share))
        for half in (pair.a, pair.b):
            kept = chosen[rng.random(len(chosen)) < spec["kept"]]
            added.append((kept, np.full(len(kept), half)))
    return np.concatenate([order for order, _ in added]), np.concatenate([half for _, half in added])


# ---------------------------------------------------------------- dirt


class _Dirt:
    """Counts how many lines of each kind are due: the same share at every size, one at least."""

    def __init__(self, shares: dict[str, Any]) -> None:
        self.shares = shares
        self.lines = 0

    def due(self, lines: int) -> dict[str, int]:
        before, self.lines = self.lines, self.lines + lines
        return {
            kind: ceil(self.lines * self.shares[kind]) - ceil(before * self.shares[kind])
            for kind in KINDS[2:]
        }


def _add_dirt(shop: Shop, lines: Columns, orders: Columns, dirt: _Dirt, rng: Rng) -> Columns:
    """Add dirty lines to the orders they are copied from; those without a client are orders of their own.

    A product below `NO_PRODUCT` stands for code `-product`, which the product table does not know; `source`
    is the row of the order that tells a line's client and time.
    """
    clean = len(lines["order"])
    lines = {**lines, "source": lines["order"]}
    codes = shop.products["pd_c"].astype(np.int64).to_numpy()
    is_short = (codes[lines["product"]] < 1000) & (rng.random(clean) < shop.spec["dirt"][KINDS[SHORT_CODE]])
    parts = [{**lines, "kind": np.where(is_short, SHORT_CODE, 0)}]
    for kind, number in dirt.due(clean).items():
        copy = _dirty_copies(kind, number, lines, orders, rng)
        changes = _dirty_values(kind, len(copy["order"]), shop, len(orders["who"]), rng)
        parts.append({**copy, "kind": np.full(len(copy["order"]), KINDS.index(kind)), **changes})
    dirty = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    in_order = np.argsort(dirty["order"], kind="stable")
    dirty = {name: values[in_order] for name, values in dirty.items()}
    return {**dirty, "seq": _number_within(dirty["order"])}


def _dirty_copies(kind: str, number: int, lines: Columns, orders: Columns, rng: Rng) -> Columns:
    """Copy lines to spoil; a line without a client comes from a till, as an online order has a session."""
    source = np.arange(len(lines["order"]))
    if kind == "missing_client":
        source = source[~orders["is_online"][lines["order"]]]
    picked = source[np.sort(rng.integers(0, len(source), number))] if len(source) else source
    return {name: values[picked] for name, values in lines.items()}


def _dirty_values(kind: str, number: int, shop: Shop, orders: int, rng: Rng) -> Columns:
    """Spoil dirty lines: values by column; a line without a client gets an order after the others."""
    codes = shop.products["pd_c"].astype(np.int64).to_numpy()
    low, high = shop.spec["outlier_won"]
    if kind == "missing_product":
        return {"product": np.full(number, NO_PRODUCT)}
    if kind == "missing_client":
        return {"order": orders + np.arange(number)}
    if kind == "zero_quantity":
        return {"count": np.zeros(number, dtype=np.int64)}
    if kind == "missing_amount":
        return {"amount": np.full(number, NO_AMOUNT)}
    if kind == "outlier_amount":
        amount = rng.integers(low // 10, high // 10, number, endpoint=True) * 10
        return {"amount": amount, "count": np.ones(number, dtype=np.int64)}
    free = np.setdiff1d(np.arange(2, codes.max()), codes)
    return {"product": -rng.choice(free, number)}


# ---------------------------------------------------------------- sessions and hits


def _sessions(shop: Shop, some: People, habits: Habits, orders: Columns, lines: Columns, rng: Rng) -> Columns:
    """Sessions of a chunk by client and time: one for every online order, and visits without one.

    Columns are who, order (-1 for a visit), unit, day, start (minute), the hits before, for and after the
    checkout (before, checkout, purchase, after), sess_id, gap (seconds), source and device.
    """
    bought = np.flatnonzero(orders["is_online"])
    per_order = np.bincount(lines["order"], minlength=len(orders["who"]))[bought]
    visitor = np.repeat(np.arange(len(some)), habits.visits)
    who = np.concatenate([orders["who"][bought], visitor])
    unit, day, start = _visits(shop, some, habits, visitor, rng)
    is_single = rng.random(len(visitor)) < habits.single[visitor]
    length = (habits.depth[who] * rng.standard_exponential(len(who))).astype(np.int64).clip(0, MOST_HITS)
    zeros = np.zeros(len(visitor), dtype=np.int64)
    checkout = 1 + rng.poisson(shop.spec["checkout_hits"] * habits.depth[orders["who"][bought]])
    sessions = {
        "who": who,
        "order": np.concatenate([bought, zeros - 1]),
        "unit": np.concatenate([orders["unit"][bought], unit]),
        "day": np.concatenate([orders["day"][bought], day]),
        "start": np.concatenate([orders["minute"][bought], start]),
        "before": np.concatenate(
            [2 + length[: len(bought)] // 2, np.where(is_single, 1, 2 + length[len(bought) :])]
        ),
        "checkout": np.concatenate([checkout, zeros]),
        "purchase": np.concatenate([per_order, zeros]),
        "after": np.concatenate([rng.poisson(0.6, len(bought)), zeros]),
    }
    in_time = np.lexsort([sessions[name] for name in ("order", "start", "day", "who")])
    sessions = {name: values[in_time] for name, values in sessions.items()}
    sources = [[row.get(source, 0) for source in _sources(shop)] for row in shop.spec["sources"].values()]
    return {
        **sessions,
        "sess_id": _number_within(sessions["who"]),
        "gap": shop.spec["seconds_between_hits"] * rng.lognormal(0, 0.3, len(who)),
        "source": _draw_rows(np.array(sources, dtype=np.float64), sessions["unit"], rng),
        "device": _choose(list(shop.spec["devices"].values()), len(who), rng),
    }


def _sources(shop: Shop) -> list[str]:
    return sorted({source for row in shop.spec["sources"].values() for source in row})


def _visits(shop: Shop, some: People, habits: Habits, visitor: Ints, rng: Rng) -> tuple[Ints, Ints, Ints]:
    """Draw unit, day and minute of the sessions that lead to no order."""
    unit = _choose(_of_units(shop, "visits"), len(visitor), rng)
    day = _days(shop.spec, rng.random(len(visitor)) < habits.weekend[visitor], some.drift[visitor], rng)
    return unit, day, _minutes(shop, unit, rng)


def _hits(shop: Shop, sessions: Columns, rng: Rng) -> Columns:
    """Hits of all sessions: session (row), seq (from 1), action, milliseconds since the session's start."""
    stages = np.stack([sessions[name] for name in STAGES])
    number = stages.sum(axis=0)
    session = np.repeat(np.arange(len(number)), number)
    seq = _number_within(session)
    stage = np.repeat(np.tile(np.arange(len(STAGES)), len(number)), stages.T.ravel())
    drawn = _choose(list(shop.spec["actions"].values()), len(session), rng)
    action = np.select([stage == 1, stage == 2], [CHECKOUT, PURCHASE], drawn)

    at_once = (seq == 1) | ((action == PURCHASE) & (np.r_[0, action[:-1]] == PURCHASE))
    gap = np.where(at_once, 0.0, sessions["gap"][session] * rng.standard_exponential(len(session)))
    passed = np.cumsum(gap)
    passed -= passed[np.cumsum(number) - number][session]
    longest = passed[np.cumsum(number) - 1]
    until_midnight = (MINUTES - sessions["start"]) * 60.0 - 1
    squeeze = np.minimum(1.0, until_midnight / np.maximum(longest, 1.0))
    return {
        "session": session,
        "seq": seq,
        "action": action,
        "passed": (passed * squeeze[session] * 1000).astype(np.int64),
    }


def _set_order_times(orders: Columns, sessions: Columns, hits: Columns) -> None:
    """Make an online order's minute that of its purchase hits."""
    is_purchase = hits["action"] == PURCHASE
    session = hits["session"][is_purchase]
    minute = sessions["start"][session] + hits["passed"][is_purchase] // 60_000
    orders["minute"][sessions["order"][session]] = minute


def _totals(shop: Shop, sessions: Columns, hits: Columns, rng: Rng) -> Columns:
    """Page views and seconds of each session; seconds are 0 where they are missing, the device -1."""
    number = np.bincount(hits["session"], minlength=len(sessions["who"]))
    low, high = shop.spec["page_views"]
    views = np.ceil(number * rng.uniform(low, high, len(number))).astype(np.int64)
    longest = np.zeros(len(number), dtype=np.int64)
    np.maximum.at(longest, hits["session"], hits["passed"])
    seconds = longest // 1000 + 1 + rng.integers(0, 30, len(number))
    missing = shop.spec["dirt"]["missing_session_time"]
    is_missing = rng.random(len(number)) < np.where(number == 1, missing["single"], missing["longer"])
    no_device = rng.random(len(number)) < shop.spec["dirt"]["missing_device"]
    return {
        "views": views,
        "seconds": np.where(is_missing, 0, seconds),
        "device": np.where(no_device, -1, sessions["device"]),
    }


# ---------------------------------------------------------------- files


class _Csv:
    """A UTF-8 CSV file that grows a table at a time; `length` counts its lines, header included."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns, self.length = path, list(columns), 0

    def __enter__(self) -> Self:
        self.file: BinaryIO = self.path.open("wb")
        self.file.write((",".join(self.columns) + "\n").encode())
        self.length = 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def append(self, table: Any) -> None:
        """Append an Arrow table of these columns; no value needs quotes."""
        options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
        pa.csv.write_csv(table.select(self.columns), self.file, options)
        self.length += table.num_rows


class _Files(NamedTuple):
    """The files that grow with every chunk of clients."""

    hits: _Csv
    lines: _Csv
    dirty: _Csv
    affinities: _Csv


def _line_table(shop: Shop, some: People, orders: Columns, lines: Columns, first_order: int) -> Any:
    source = lines["source"]
    return pa.table(
        {
            "clnt_id": pa.array(some.client[orders["who"][source]], mask=lines["kind"] == MISSING_CLIENT),
            "trans_id": first_order + lines["order"],
            "trans_seq": lines["seq"],
            "biz_unit": _texts(shop.units, orders["unit"][source]),
            "pd_c": _product_codes(shop, lines),
            "de_dt": _texts(_dates(), orders["day"][source]),
            "de_tm": _texts(_times(), orders["minute"][source]),
            "buy_am": pa.array(lines["amount"], mask=lines["amount"] == NO_AMOUNT),
            "buy_ct": lines["count"],
        }
    )


def _product_codes(shop: Shop, lines: Columns) -> Any:
    product, known = lines["product"], list(shop.products["pd_c"])
    unlisted = [f"{code:04d}" for code in range(int(max(known)) + 1)]
    texts = [*known, *(code.lstrip("0") for code in known), *unlisted]
    index = np.where(lines["kind"] == SHORT_CODE, product + len(known), product)
    index = np.where(product < 0, 2 * len(known) - product, index)
    return pa.array(texts).take(pa.array(index, mask=product == NO_PRODUCT))


def _hit_table(
    shop: Shop, some: People, sessions: Columns, totals: Columns, hits: Columns, first_order: int, rng: Rng
) -> Any:
    session, action = hits["session"], hits["action"]
    words = shop.spec["keywords"]
    weight = 1 / (1 + np.arange(len(words)))
    minute = sessions["start"][session] + hits["passed"] // 60_000
    seconds, device = totals["seconds"][session], totals["device"][session]
    return pa.table(
        {
            "clnt_id": some.client[sessions["who"]][session],
            "sess_id": sessions["sess_id"][session],
            "hit_seq": hits["seq"],
            "action_type": action,
            "biz_unit": _texts(shop.units, sessions["unit"][session]),
            "sess_dt": _texts(_dates(), sessions["day"][session]),
            "hit_tm": _texts(_times(), minute),
            "hit_pss_tm": hits["passed"],
            "trans_id": pa.array(first_order + sessions["order"][session], mask=action != PURCHASE),
            "sech_kwd": _texts(words, _choose(weight, len(session), rng), action != SEARCH),
            "tot_pag_view_ct": totals["views"][session],
            "tot_sess_hr_v": pa.array(seconds, mask=seconds == 0),
            "trfc_src": _texts(_sources(shop), sessions["source"][session]),
            "dvc_ctg_nm": _texts(list(shop.spec["devices"]), device, device < 0),
        }
    )


def _texts(texts: Sequence[str], index: Ints, missing: Bools | None = None) -> Any:
    return pa.array(texts, pa.string()).take(pa.array(index, mask=missing))


def _dates() -> list[str]:
    return [str(FIRST_DAY + day).replace("-", "") for day in range(DAYS)]


def _times() -> list[str]:
    return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(MINUTES)]


def _write_products(shop: Shop, path: Path) -> None:
    columns = ["pd_c", "clac_nm1", "clac_nm2", "clac_nm3"]
    _write_table(shop.products[columns].sort_values("pd_c"), path)


def _write_weather(spec: dict[str, Any], rng: Rng, path: Path) -> None:
    """Write a summer that nobody's shopping depends on: warm spells last a few days, rain comes at random."""
    start, top, end = spec["temperatures"]
    usual = np.interp(np.arange(DAYS), [0, _day(spec["top"]), DAYS - 1], [start, top, end])
    noise = rng.normal(0, spec["noise"], DAYS)
    spell = np.convolve(noise, [0.6, 0.5, 0.4, 0.3])[:DAYS]
    rain = rng.standard_gamma(0.8, DAYS) * spec["rainfall"] / 0.8
    is_rainy = rng.random(DAYS) < spec["rainy"]
    table = pd.DataFrame(
        {
            "date": FIRST_DAY + np.arange(DAYS),
            "mean_temperature": (usual + spell).round(1),
            "rainfall": np.where(is_rainy, rain, 0.0).round(1),
        }
    )
    _write_table(table, path)


def _write_clients(shop: Shop, people: People, path: Path, truth: Path) -> None:
    """Write the demographics, and the types, of everybody who has a row there."""
    known = people.part(people.group != UNKNOWN)
    ages = np.array(["unknown", *(str(age) for age in range(10, 70, 10))])
    genders = np.array(["unknown", "F", "M"])
    demographics = {
        "clnt_id": known.client,
        "clnt_gender": genders[known.gender],
        "clnt_age": ages[known.age // 10],
    }
    with _Csv(path, list(demographics)) as file:
        file.append(pa.table(demographics))
    tastes = np.array(shop.tastes)
    is_steady = known.drift == STEADY
    types = {
        "clnt_id": known.client,
        "behaviour_type": np.array([kind.name for kind in shop.behaviours])[known.behaviour],
        "taste_type": tastes[known.taste],
        "channel_group": np.array(GROUPS)[known.group],
        "style": np.array(shop.spec["styles"]["names"])[known.style],
        "drift": np.array(DRIFTS)[known.drift],
        "drift_from": pa.array(np.full(len(known), str(shop.spec["drift"]["from"])), mask=is_steady),
        "taste_after": tastes[known.taste_after],
    }
    with _Csv(truth, list(types)) as file:
        file.append(pa.table(types))


def _write_pairs(shop: Shop, path: Path) -> None:
    code, name = shop.products["pd_c"], shop.products["clac_nm3"]
    rows = [
        (code[a], code[b], name[a], name[b], shop.tastes[taste], own, others)
        for a, b, taste, own, others in shop.pairs
    ]
    sides = [f"{column}_{side}" for column in ("pd_c", "clac_nm3") for side in "ab"]
    columns = [*sides, "taste_type", "share_of_orders", "share_elsewhere"]
    _write_table(pd.DataFrame(rows, columns=columns), path)


def _write_table(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


# ---------------------------------------------------------------- the truth


def _affinities(shop: Shop, some: People, habits: Habits) -> Any:
    """Favourites of the buyers of a chunk: a row a client and product they come back for."""
    who, category = np.nonzero(habits.favourite >= 0)
    return pa.table(
        {
            "clnt_id": some.client[who],
            "pd_c": _texts(list(shop.products["pd_c"]), habits.favourite[who, category]),
        }
    )


def _dirty_lines(table: Any, kind: Ints, before: int) -> Any:
    """Dirty rows of a chunk of transactions; `line_number` counts the header as line 1."""
    return _dirty_rows("transactions", table, kind, KINDS, before)


def _dirty_hits(table: Any, is_unknown: Bools, before: int) -> Any:
    """Dirty rows of a chunk of hits, a row a hit and kind."""
    missing = {
        "missing_session_time": table["tot_sess_hr_v"].is_null().to_numpy(),
        "missing_device": table["dvc_ctg_nm"].is_null().to_numpy(),
        "unknown_client": is_unknown,
    }
    kinds = ["", *missing]
    parts = [
        _dirty_rows("online_behaviour", table, np.where(is_dirty, kinds.index(kind), 0), kinds, before)
        for kind, is_dirty in missing.items()
    ]
    return pa.concat_tables(parts)


def _dirty_rows(file: str, table: Any, kind: Ints, kinds: Sequence[str], before: int) -> Any:
    rows = np.flatnonzero(kind)
    steps = np.array([CLEANING_STEP.get(name, 0) for name in kinds])[kind[rows]]
    dirty = table.take(rows)
    nothing = pa.nulls(len(rows), pa.int64())
    return pa.table(
        {
            "file": pa.array([file] * len(rows), pa.string()),
            "line_number": before + 1 + rows,
            "kind": _texts(kinds, kind[rows]),
            "cleaning_step": pa.array(steps, mask=steps == 0),
            **{name: dirty[name] if name in table.column_names else nothing for name in DIRTY_KEYS},
        }
    )


# ---------------------------------------------------------------- drawing


def _choose(weights: npt.ArrayLike, count: int, rng: Rng) -> Ints:
    """Draw indices by weight."""
    table = np.asarray(weights, dtype=np.float64)[None, :]
    return _draw_rows(table, np.zeros(count, dtype=np.int64), rng)


def _draw_rows(weights: Floats, row: Ints, rng: Rng) -> Ints:
    """Draw a column for each row number given, by the weights in that row of the table."""
    cumulated = np.cumsum(weights, axis=1)
    cumulated /= cumulated[:, -1:]
    cumulated += np.arange(len(weights))[:, None]
    columns = weights.shape[1]
    drawn = np.searchsorted(cumulated.ravel(), row + rng.random(len(row)), side="right") - row * columns
    within: Ints = drawn.clip(0, columns - 1)
    return within


def _number_within(groups: Ints) -> Ints:
    """Count from 1 within each run of equal values."""
    row = np.arange(len(groups))
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]][: len(groups)])
    return row - np.repeat(starts, np.diff(np.r_[starts, len(groups)])) + 1
