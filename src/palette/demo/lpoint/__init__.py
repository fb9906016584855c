"""Demo omnichannel retailer in the form of the L.POINT competition data: behaviour and taste are known.

What it sells and how its clients behave is in `shop.yml`, the product table in `products.csv`. All clients
are drawn first (`clients`); what they do is drawn and written a chunk of clients at a time, so that any
number of them fits into memory: their orders and the lines of those (`orders`), dirt beside the lines
(`dirt`), and the sessions and hits around the online orders (`sessions`). `files` and `truth` hold the form
of what is written.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np

from palette.demo.drawing import Rng
from palette.demo.lpoint.clients import UNKNOWN, People, draw_habits, draw_people
from palette.demo.lpoint.dirt import Dirt, add_dirt
from palette.demo.lpoint.files import (
    CLIENTS_FILE,
    HIT_COLUMNS,
    HITS_FILE,
    LINE_COLUMNS,
    LINES_FILE,
    PRODUCTS_FILE,
    WEATHER_FILE,
    Csv,
    table_of_hits,
    table_of_lines,
    write_clients,
    write_products,
    write_weather,
)
from palette.demo.lpoint.orders import draw_lines, draw_orders
from palette.demo.lpoint.sessions import draw_hits, draw_sessions, draw_totals, set_order_times
from palette.demo.lpoint.shop import Shop, draw_shop
from palette.demo.lpoint.truth import (
    AFFINITY_COLUMNS,
    DIRTY_COLUMNS,
    affinities,
    dirty_hits,
    dirty_lines,
    write_pairs,
)

CLIENTS = 8000  # the demo's own number; the original has 72,399
CLIENTS_AT_ONCE = 10_000  # bounds the memory
FIRST_ORDER = 100_001


class _Files(NamedTuple):
    """The files that grow with every chunk of clients."""

    hits: Csv
    lines: Csv
    dirty: Csv
    affinities: Csv


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
    shop = draw_shop(rng)
    people = draw_people(shop.spec, CLIENTS if customers is None else customers, rng)
    write_products(shop, folder / PRODUCTS_FILE)
    write_weather(shop.spec["weather"], rng, folder / WEATHER_FILE)
    write_clients(shop, people, folder / CLIENTS_FILE, truth / "clients.csv")
    write_pairs(shop, truth / "pairs.csv")
    with ExitStack() as stack:
        files = _Files(
            hits=stack.enter_context(Csv(folder / HITS_FILE, HIT_COLUMNS)),
            lines=stack.enter_context(Csv(folder / LINES_FILE, LINE_COLUMNS)),
            dirty=stack.enter_context(Csv(truth / "dirty_lines.csv", DIRTY_COLUMNS)),
            affinities=stack.enter_context(Csv(truth / "affinities.csv", AFFINITY_COLUMNS)),
        )
        dirt, next_order = Dirt(shop.spec["dirt"]), FIRST_ORDER
        for start in range(0, len(people), CLIENTS_AT_ONCE):
            some = people.part(slice(start, start + CLIENTS_AT_ONCE))
            next_order += _write_chunk(shop, some, files, dirt, next_order, rng)


def _write_chunk(shop: Shop, some: People, files: _Files, dirt: Dirt, first_order: int, rng: Rng) -> int:
    """Append what some clients do, their orders numbered from `first_order`; give the number of orders."""
    habits = draw_habits(shop, some, rng)
    orders = draw_orders(shop, some, habits, rng)
    clean = draw_lines(shop, some, habits, orders, rng)
    sessions = draw_sessions(shop, some, habits, orders, clean, rng)
    hits = draw_hits(shop, sessions, rng)
    set_order_times(orders, sessions, hits)
    totals = draw_totals(shop, sessions, hits, rng)
    lines = add_dirt(shop, clean, orders, dirt, rng)

    line_table = table_of_lines(shop, some, orders, lines, first_order)
    hit_table = table_of_hits(shop, some, sessions, totals, hits, first_order, rng)
    is_unknown = (some.group == UNKNOWN)[sessions["who"]][hits["session"]]
    files.dirty.append(dirty_lines(line_table, lines["kind"], files.lines.length))
    files.dirty.append(dirty_hits(hit_table, is_unknown, files.hits.length))
    files.lines.append(line_table)
    files.hits.append(hit_table)
    files.affinities.append(affinities(shop, some, habits))
    return int(lines["order"].max(initial=-1)) + 1
