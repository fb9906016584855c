"""Association rules between the items of an order, cluster by cluster.

Source: docs/methods.md, "Baskets". Which items are often together is counted on bits, one an order, level by
level (Zaki 2000, "Scalable Algorithms for Association Mining"; the candidates are those of Apriori); rules
and their metrics are mlxtend's.
"""

from collections import Counter, defaultdict
from itertools import groupby
from math import ceil
from operator import itemgetter
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from mlxtend.frequent_patterns import association_rules
from numpy.typing import NDArray

from palette.core.tables import empty
from palette.engine import Relation, asked, having, itemsets, local

METRICS = (
    "antecedent_support",
    "consequent_support",
    "support",
    "confidence",
    "lift",
    "leverage",
    "conviction",
    "zhangs_metric",
)
SEPARATOR = " + "
MOST_ITEMSETS = 50_000  # of one cluster; each may give dozens of rules
MOST_COUNTED = 200_000  # by the engine, which counts longer ones as well
ROUNDING = 1e-9  # a share that meets a threshold exactly may miss it in its last digits

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("cluster_name", pa.string(), nullable=False),
        pa.field("rule_id", pa.int64(), nullable=False),
        pa.field("antecedents", pa.string(), nullable=False),
        pa.field("consequents", pa.string(), nullable=False),
        pa.field("antecedent_ids", pa.string(), nullable=False),
        pa.field("consequent_ids", pa.string(), nullable=False),
        pa.field("antecedent_items", pa.int64(), nullable=False),
        pa.field("consequent_items", pa.int64(), nullable=False),
        pa.field("orders", pa.int64(), nullable=False),
        *(pa.field(metric, pa.float64(), nullable=metric == "conviction") for metric in METRICS),
    ]
)


class Thresholds(NamedTuple):
    """What an association between items needs to be a rule.

    Attributes
    ----------
    min_support, min_confidence
        Shares, 0 to 1.
    max_items
        Most items on either side of a rule.
    min_orders
        Least number of orders that hold all items of a rule, whatever the support: in a small cluster a few
        large orders would otherwise make every combination of their items a rule.
    """

    min_support: float = 0.02
    min_confidence: float = 0.5
    max_items: int = 3
    min_orders: int = 10

    def needed(self, orders: int) -> int:
        """Return the number of orders that have to hold all items of a rule, of so many orders in all."""
        return max(self.min_orders, ceil(self.min_support * orders - ROUNDING))


def basket_rules(
    items: Relation,
    *,
    min_support: float,
    min_confidence: float,
    max_items: int,
    min_orders: int,
) -> pd.DataFrame:
    """Mine the rules of every retailer and cluster.

    Itemsets are counted by the engine if it can; else only one cluster's items are in memory at a time, as
    numbers.

    Parameters
    ----------
    items
        One row an order and item: ``retailer``, ``cluster_name``, ``order_id``, ``item_id``, ``item_name``,
        and ``cluster_orders``, the number of all orders of the cluster (pruned ones count as well).
    min_support, min_confidence, max_items, min_orders
        See :class:`Thresholds`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``: names and ids of either side are sorted by name and joined by " + ".
        Where the itemsets of a cluster would be more than ``MOST_ITEMSETS``, as when someone orders the same
        long list again and again, only the shorter ones are mined, and a printed line says so.
        ``conviction`` is null where the confidence is 1 (the published tables print infinity). Sorted by
        lift, confidence, support (highest first), then by name; ``rule_id`` numbers the rows of a cluster.
    """
    thresholds = Thresholds(min_support, min_confidence, max_items, min_orders)
    parts = [empty(SCHEMA)]
    named = asked(
        items,
        """
        select retailer, cluster_name, max(cluster_orders) as orders, item_id, min(item_name) as item_name
        from {rows} group by retailer, cluster_name, item_id
        """,
    ).order("retailer, cluster_name, item_id")
    for (retailer, cluster, total), rows in groupby(named.fetchall(), itemgetter(0, 1, 2)):
        needed = thresholds.needed(total)
        if needed > total:
            continue
        names = [(item, name) for *_, item, name in rows]
        orders = having(items, retailer=retailer, cluster_name=cluster)
        counts, longest = _counted(orders, names, needed, 2 * max_items)
        if longest < 2 * max_items:
            print(
                f"basket_rules: {retailer}, {cluster}: no rules of more than {longest} items, too many; "
                "raise basket_min_support or basket_min_orders to find them"
            )
        rules = rules_of(counts, total, thresholds)
        part = _described(rules, names, total)
        parts.append(part.assign(retailer=retailer, cluster_name=cluster))
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


def frequent_itemsets(
    held: NDArray[np.uint64], needed: int, longest: int
) -> tuple[dict[tuple[int, ...], int], int]:
    """Count the orders of all sets of items that enough orders hold.

    Parameters
    ----------
    held
        Items x words: bit b of word w tells whether order 64 w + b holds the item.
    needed
        Least number of orders.
    longest
        Most items of a set.

    Returns
    -------
    counts
        Ascending item numbers -> number of orders that hold them all.
    longest
        How many items a set may have: fewer than asked for where there are more than ``MOST_ITEMSETS``
        otherwise, but two at least.
    """
    counts: dict[tuple[int, ...], int] = {}
    further: dict[tuple[int, ...], NDArray[np.intp]] = {
        (): np.arange(len(held))
    }  # set -> what may be added to it
    for size in range(1, longest + 1):
        found: dict[tuple[int, ...], int] = {}
        frequent: dict[tuple[int, ...], NDArray[np.intp]] = defaultdict(lambda: np.empty(0, np.intp))
        for prefix, candidates in further.items():
            common = np.bitwise_and.reduce(held[list(prefix)], axis=0)
            orders = np.bitwise_count(held[candidates] & common).sum(axis=1, dtype=np.int64)
            enough = orders >= needed
            frequent[prefix] = candidates[enough]
            found |= {
                (*prefix, int(item)): int(count)
                for item, count in zip(candidates[enough], orders[enough], strict=True)
            }
            if size > 2 and len(counts) + len(found) > MOST_ITEMSETS:
                return counts, size - 1
        counts |= found
        further = {
            (*prefix, int(item)): items[at + 1 :]
            for prefix, items in frequent.items()
            for at, item in enumerate(items[:-1])
        }
    return counts, longest


def _counted(
    orders: Relation, names: list[tuple[str, str]], needed: int, longest: int
) -> tuple[dict[tuple[int, ...], int], int]:
    """Do what :func:`frequent_itemsets` does, to the orders of a cluster."""
    counts = itemsets(orders, [item for item, _ in names], needed, MOST_COUNTED)
    if counts is None:
        return frequent_itemsets(_held(local(orders), len(names)), needed, longest)
    return shortened(counts, longest)


def shortened(counts: dict[tuple[int, ...], int], longest: int) -> tuple[dict[tuple[int, ...], int], int]:
    """Keep as many of all itemsets, by size, as :func:`frequent_itemsets` would have counted."""
    sizes = Counter(map(len, counts))
    while longest > 2 and sum(number for size, number in sizes.items() if size <= longest) > MOST_ITEMSETS:
        longest -= 1
    return {held: count for held, count in counts.items() if len(held) <= longest}, longest


def _held(orders: duckdb.DuckDBPyRelation, items: int) -> NDArray[np.uint64]:
    """Tell for each item, in the order of their ids, which orders hold it; one bit an order."""
    baskets = orders.query(
        "orders",
        """
        with numbered as (
            select item_id, row_number() over (order by item_id) - 1 as item
            from (select distinct item_id from orders)
        )
        select list(numbered.item) as basket
        from orders
        inner join numbered on orders.item_id = numbered.item_id
        group by orders.order_id
        """,
    ).to_arrow_table()["basket"]
    lengths = baskets.combine_chunks().value_lengths().to_numpy()
    order = np.repeat(np.arange(len(lengths)), lengths)
    item = baskets.combine_chunks().flatten().to_numpy()
    return held_by(order, item, len(lengths), items)


def held_by(
    order: NDArray[np.integer], item: NDArray[np.integer], orders: int, items: int
) -> NDArray[np.uint64]:
    """Tell for each item which orders hold it, one bit an order, of pairs of an order and an item."""
    held = np.zeros((items, orders // 64 + 1), dtype=np.uint64)
    np.bitwise_or.at(held, (item, order // 64), np.uint64(1) << (order % 64).astype(np.uint64))
    return held


def rules_of(counts: dict[tuple[int, ...], int], total: int, thresholds: Thresholds) -> pd.DataFrame:
    """Make rules of itemsets.

    Parameters
    ----------
    counts
        See :func:`frequent_itemsets`.
    total
        Number of all orders; those whose items were all pruned count in every share.
    thresholds
        What makes a rule.

    Returns
    -------
    pandas.DataFrame
        ``antecedents`` and ``consequents`` (frozen sets of item numbers) and mlxtend's metrics.
    """
    if not counts:
        return pd.DataFrame(columns=["antecedents", "consequents", *METRICS])
    itemsets = pd.DataFrame(
        {"support": np.array(list(counts.values())) / total, "itemsets": list(map(frozenset, counts))}
    )
    with np.errstate(invalid="ignore"):  # of a metric that is not kept
        rules: pd.DataFrame = association_rules(
            itemsets, metric="confidence", min_threshold=thresholds.min_confidence - ROUNDING
        )
    sizes = np.maximum(rules["antecedents"].map(len), rules["consequents"].map(len))
    return rules[sizes <= thresholds.max_items]


def _described(rules: pd.DataFrame, names: list[tuple[str, str]], total: int) -> pd.DataFrame:
    described = rules.rename(columns=lambda name: name.replace(" ", "_"))[
        ["antecedents", "consequents", *METRICS]
    ].copy()
    for side in ("antecedent", "consequent"):
        ordered = described[f"{side}s"].map(lambda items: sorted(names[item][::-1] for item in items))
        described[f"{side}s"] = ordered.map(lambda pairs: SEPARATOR.join(name for name, _ in pairs))
        described[f"{side}_ids"] = ordered.map(lambda pairs: SEPARATOR.join(item for _, item in pairs))
        described[f"{side}_items"] = ordered.map(len)
    described["orders"] = (described["support"].astype(float) * total).round().astype("int64")
    described[list(METRICS)] = described[list(METRICS)].astype(float).round(9)
    described["conviction"] = described["conviction"].replace(np.inf, np.nan)
    described = described.sort_values(
        ["lift", "confidence", "support", "antecedents", "consequents", "antecedent_ids", "consequent_ids"],
        ascending=[False] * 3 + [True] * 4,
    )
    return described.assign(rule_id=np.arange(1, len(described) + 1))
