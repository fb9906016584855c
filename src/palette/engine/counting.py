"""Which sets of things are often together, counted where the rows are."""

from collections.abc import Sequence
from typing import Any

from palette.engine.choosing import has_workers
from palette.engine.reading import Relation

ItemSets = dict[tuple[int, ...], int]


def itemsets(orders: Relation, items: Sequence[str], needed: int, most: int) -> ItemSets | None:
    """Count the orders of all sets of items that enough orders hold, if the engine has a way of its own.

    Spark has FP-growth, on its workers: Li, Wang, Zhang, Zhang and Chang, "PFP: Parallel FP-Growth
    for Query Recommendation" (RecSys 2008).

    Parameters
    ----------
    orders
        One row an order and item: ``order_id`` and ``item_id``.
    items
        Ids of the items, whose places are their numbers.
    needed
        Least number of orders.
    most
        Most sets. They are of any size, and may be too many to count.

    Returns
    -------
    dict or None
        Ascending item numbers -> number of orders that hold them all, by size and then by number. None where
        there are more than ``most``, or where they are not counted by the engine, as on DuckDB.
    """
    if not has_workers(orders):
        return None
    from pyspark.sql import functions as sql

    frame: Any = orders
    baskets = frame.groupBy("order_id").agg(sql.collect_set("item_id").alias("items"))
    # It would go on in as many parts as a shuffle has, two hundred.
    baskets = baskets.coalesce(frame.sparkSession.sparkContext.defaultParallelism).persist()
    try:
        found = _counted(baskets, needed, most)
    finally:
        baskets.unpersist()
    if len(found) > most:
        return None
    numbers = {item: number for number, item in enumerate(items)}
    counts = {tuple(sorted(numbers[item] for item in row.items)): int(row.freq) for row in found}
    return {held: counts[held] for held in sorted(counts, key=lambda held: (len(held), held))}


def _counted(baskets: Any, needed: int, most: int) -> list[Any]:
    from pyspark.ml.fpm import FPGrowth

    orders = baskets.count()
    if orders < needed:
        return []
    # It wants a share, and rounds up: half an order less cannot end at another number of orders.
    growth = FPGrowth(itemsCol="items", minSupport=(needed - 0.5) / orders)
    # Sets are grown as they are fetched, so that no more than asked for are.
    found: list[Any] = growth.fit(baskets).freqItemsets.limit(most + 1).collect()
    return found
