"""What the demo retailer's clients buy: their orders, and the lines of those."""

import numpy as np

from palette.demo.drawing import Bools, Columns, Floats, Ints, Rng, draw_rows, number_within
from palette.demo.lpoint.clients import BROWSER, TASTE_DRIFT, Habits, People
from palette.demo.lpoint.shop import Shop, draw_products_of, of_units
from palette.demo.lpoint.times import day_of, draw_days, draw_minutes


def draw_orders(shop: Shop, some: People, habits: Habits, rng: Rng) -> Columns:
    """Orders of a chunk: who (row of the chunk), is_online, unit, day of the window, minute, taste."""
    counts = [habits.offline_orders, habits.online_orders]
    who = np.concatenate([np.repeat(np.arange(len(some)), count) for count in counts])
    is_online = np.repeat([False, True], [count.sum() for count in counts])
    day = draw_days(shop.spec, rng.random(len(who)) < habits.weekend[who], some.drift[who], rng)
    drifted = day >= day_of(shop.spec["drift"]["from"])
    taste = np.where(drifted, some.taste_after[who], some.taste[who])
    unit = _unit_of(shop, is_online, taste, rng)
    minute = draw_minutes(shop, unit, rng)
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
    share, online = of_units(shop, "orders"), of_units(shop, "online")
    kinds = shop.spec["taste_types"].values()
    tilt = np.array([[kind["units"][unit] for unit in shop.units] for kind in kinds])
    table = np.concatenate([tilt * share * (online == channel) for channel in (False, True)])
    return draw_rows(table, is_online * len(shop.tastes) + taste, rng)


def draw_lines(shop: Shop, some: People, habits: Habits, orders: Columns, rng: Rng) -> Columns:
    """Clean lines of all orders: order, seq (from 1), product, amount (won a piece), count."""
    beyond = of_units(shop, "lines")[orders["unit"]]
    number = 1 + rng.poisson(beyond * habits.basket[orders["who"]])
    order = np.repeat(np.arange(len(number)), number)
    product = _products(shop, some, habits, orders, order, rng)
    paired, half = _paired(shop, orders, rng)
    order, product = np.concatenate([order, paired]), np.concatenate([product, half])
    shuffled = np.lexsort((rng.random(len(order)), order))
    order, product = order[shuffled], product[shuffled]

    unit_price = of_units(shop, "price")[orders["unit"]]
    level = unit_price * habits.spending[orders["who"]]
    noise = rng.lognormal(0, shop.spec["price"]["line"], len(order))
    amount = (shop.price[product] * level[order] * noise / 10).round().clip(20).astype(np.int64) * 10
    count = 1 + rng.poisson(shop.pieces[product])
    most = shop.spec["price"]["most"]
    return {
        "order": order,
        "seq": number_within(order),
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
    category = draw_rows(table, row[order], rng)
    who = orders["who"][order]
    product = draw_products_of(shop, category, some.style[who], rng)
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
