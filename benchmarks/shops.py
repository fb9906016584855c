"""Made-up shops of the shape of data sets that cannot be passed on, as files of the form `orders`.

    python benchmarks/shops.py next_basket OUT     Ta Feng, a grocer, as papers on the next basket take it
    python benchmarks/shops.py catalogue OUT       a supermarket's households over two years, a wide range

A shape says how many customers, products and lines there are, and over which days. What is bought follows
what makes recommending hard or easy: few products sell much and most little (Zipf), customers buy their own
few products again and again, products of a group are bought together, and what is popular changes from week
to week. The same seed gives the same bytes.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PRODUCTS_A_GROUP, DEPARTMENTS = 40, 12
POPULARITY = 0.9  # of a product at rank r in its shop: 1 / (r + 10) ** POPULARITY
DRIFT = 0.12  # standard deviation of the weekly step of the logarithm of a product's popularity
TASTES = 6  # groups that a customer favours
HABIT = 1.1  # of a customer's own product at place p: 1 / (p + 1) ** HABIT


@dataclass(frozen=True)
class Shape:
    """How large a shop is, and where its lines come from.

    Attributes
    ----------
    customers, products, lines
        Exact numbers; every customer and every product has a line.
    first_day, days
        The first day with purchases, and over how many days they go.
    basket
        Mean number of products of an order.
    least_orders
        Number of orders that every customer has at least.
    repertoire
        Mean number of products that a customer buys again and again.
    habitual, together
        Shares of lines that are of the customer's repertoire, and of the group that the basket is about; the
        rest is whatever is popular that week.
    """

    customers: int
    products: int
    lines: int
    first_day: str
    days: int
    basket: float
    least_orders: int
    repertoire: int
    habitual: float
    together: float

    def smaller(self, times: float) -> "Shape":
        """Give the same shop with so many times fewer customers, products and lines."""
        return replace(
            self,
            customers=int(self.customers / times),
            products=int(self.products / times),
            lines=int(self.lines / times),
        )


SHAPES = {
    "next_basket": Shape(
        customers=3_000,
        products=11_027,
        lines=112_000,  # about six orders of six products each
        first_day="2000-11-01",
        days=120,
        basket=6.2,
        least_orders=3,
        repertoire=12,
        habitual=0.25,
        together=0.3,
    ),
    "catalogue": Shape(
        customers=1_000,
        products=47_667,
        lines=598_928,
        first_day="2023-01-02",
        days=711,
        basket=10.0,
        least_orders=1,
        repertoire=60,
        habitual=0.4,
        together=0.3,
    ),
}


def purchases(shape: Shape, seed: int) -> pa.Table:
    """Draw the lines of a shop, ordered by day.

    Parameters
    ----------
    shape
        What to draw.
    seed
        Another seed gives another shop of the same shape.

    Returns
    -------
    pyarrow.Table
        One row per order and product, `shape.lines` of them.

    Raises
    ------
    ValueError
        The shape has too few lines for its customers and products.
    """
    if shape.lines < shape.customers * shape.least_orders * shape.basket + shape.products:
        raise ValueError("a shape needs lines for the least orders of every customer and for every product")
    rng = np.random.Generator(np.random.PCG64(seed))
    orders = _orders(shape, rng)
    lines = _lines(shape, orders, rng)
    # Exactly so many lines: each customer's least number of orders, then whichever others it takes.
    place = rng.permutation(len(orders))
    place[orders["number"] < shape.least_orders] = -1
    kept = np.sort(np.argsort(place[lines["order"]], kind="stable")[: shape.lines])
    lines = lines.iloc[kept].join(orders, on="order")
    item = _all_sold(lines["item"].to_numpy(), lines["is_habit"].to_numpy(), shape.products, rng)
    cents = np.round(np.exp(rng.normal(5.4, 0.7, shape.products)))
    return pa.table(
        {
            "order_id": _numbered("O", lines["order"].to_numpy()),
            "customer_id": _numbered("C", lines["customer"].to_numpy()),
            "ordered_on": np.datetime64(shape.first_day) + lines["day"].to_numpy(),
            "product_id": _numbered("P", item),
            "product_name": _numbered("Product ", item),
            "super_category": _numbered("Department ", item % _groups(shape) % DEPARTMENTS),
            "category": _numbered("Group ", item % _groups(shape)),
            "quantity": 1 + rng.poisson(0.35, len(item)),
            "unit_price": cents[item] / 100,
        }
    )


def write(name: str, out: Path, seed: int = 0, smaller: float = 1) -> Path:
    """Write a shop as `out/<name>/orders.parquet` and its declaration; returns its folder."""
    shape = SHAPES[name].smaller(smaller)
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(purchases(shape, seed), folder / "orders.parquet")
    declaration = {"form": "orders", "name": f"Made up: {name.replace('_', ' ')}", "channel": "offline"}
    (folder / "retailer.yml").write_text(yaml.safe_dump(declaration, sort_keys=False))
    return folder


def _orders(shape: Shape, rng: np.random.Generator) -> pd.DataFrame:
    """Draw more orders than the lines make, by day: customer, day, and the customer's how manieth it is."""
    activity = rng.gamma(1.5, size=shape.customers)
    further = max(2 * shape.lines / shape.basket - shape.customers * shape.least_orders, 0)
    number = shape.least_orders + rng.poisson(activity / activity.sum() * further)
    customer = np.repeat(np.arange(shape.customers), number)
    day = rng.integers(0, shape.days, len(customer))
    orders = pd.DataFrame({"customer": customer, "day": day}).sort_values("day", ignore_index=True)
    return orders.assign(number=orders.groupby("customer").cumcount())


def _lines(shape: Shape, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw what is in each order, every product once: order, item, and whether it was taken out of habit."""
    groups = _groups(shape)
    popularity = 1 / (rng.permutation(shape.products) + 10.0) ** POPULARITY
    tastes = rng.choice(groups, (shape.customers, TASTES))
    about = tastes[orders["customer"], rng.integers(0, TASTES, len(orders))]
    further = rng.gamma(1.5, (shape.basket - 1) / 1.5, len(orders))  # baskets are uneven
    order = np.repeat(np.arange(len(orders)), 1 + rng.poisson(further))

    reason = rng.random(len(order))
    is_habit = reason < shape.habitual
    is_about = ~is_habit & (reason < shape.habitual + shape.together)
    item = _popular(popularity, orders["day"].to_numpy()[order] // 7, rng)
    item[is_about] = _of_group(about[order[is_about]], popularity, groups, rng)
    customer = orders["customer"].to_numpy()[order[is_habit]]
    item[is_habit] = _habitual(shape, tastes, customer, popularity, rng)
    lines = pd.DataFrame({"order": order, "item": item, "is_habit": is_habit})
    return lines.drop_duplicates(["order", "item"], ignore_index=True)


def _groups(shape: Shape) -> int:
    return max(shape.products // PRODUCTS_A_GROUP, TASTES)


def _popular(popularity: Floats, week: Ints, rng: np.random.Generator) -> Ints:
    """Draw a product that is popular in each line's week."""
    item = np.zeros(len(week), dtype=np.int64)
    drifted = np.log(popularity)
    for number in range(week.max() + 1):
        drifted = drifted + rng.normal(0, DRIFT, len(popularity))
        of_week = np.flatnonzero(week == number)
        item[of_week] = _weighted(np.exp(drifted), len(of_week), rng)
    return item


def _weighted(weights: Floats, size: int, rng: np.random.Generator) -> Ints:
    bounds = np.cumsum(weights)
    return np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right")


def _of_group(group: Ints, popularity: Floats, groups: int, rng: np.random.Generator) -> Ints:
    """Draw a product of each line's group, by popularity: product p is of group p modulo the groups."""
    by_group = np.argsort(np.arange(len(popularity)) % groups, kind="stable")
    bounds = np.concatenate([[0.0], np.cumsum(popularity[by_group])])
    sizes = np.bincount(np.arange(len(popularity)) % groups, minlength=groups)
    ends = np.cumsum(sizes)
    low, high = bounds[ends - sizes][group], bounds[ends][group]
    place = np.searchsorted(bounds, low + rng.random(len(group)) * (high - low), side="right") - 1
    return by_group[np.clip(place, (ends - sizes)[group], ends[group] - 1)]


def _habitual(
    shape: Shape, tastes: Ints, customer: Ints, popularity: Floats, rng: np.random.Generator
) -> Ints:
    """Draw from each line's customer's repertoire, most from the front of it."""
    group = tastes[:, rng.integers(0, TASTES, shape.repertoire)]
    own = _of_group(group.ravel(), popularity, _groups(shape), rng).reshape(group.shape)
    place = _weighted(1 / (np.arange(shape.repertoire) + 1.0) ** HABIT, len(customer), rng)
    return own[customer, place]


def _all_sold(item: Ints, is_habit: Bools, products: int, rng: np.random.Generator) -> Ints:
    """Put every product that is in no line into a line of one that has several, habits last."""
    missing = rng.permutation(np.setdiff1d(np.arange(products), item))
    is_spare = np.ones(len(item), dtype=bool)
    is_spare[np.unique(item, return_index=True)[1]] = False
    spare = rng.permutation(np.flatnonzero(is_spare))
    spare = spare[np.argsort(is_habit[spare], kind="stable")]
    sold = item.copy()
    sold[spare[: len(missing)]] = missing
    return sold


def _numbered(prefix: str, numbers: Ints) -> pa.Array:
    """Text of numbers, all of one length so that they sort as the numbers do."""
    digits = len(str(numbers.max()))
    names = pa.array([f"{prefix}{number:0{digits}d}" for number in range(numbers.max() + 1)])
    return names.take(pa.array(numbers))


def main() -> None:
    """Write the shop that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shop", choices=SHAPES)
    parser.add_argument(
        "out", type=Path, help="data folder; the shop's files go to a folder of its name in it"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smaller", type=float, default=1, help="so many times fewer of everything")
    chosen = parser.parse_args()
    print(write(chosen.shop, chosen.out, chosen.seed, chosen.smaller))


if __name__ == "__main__":
    main()
