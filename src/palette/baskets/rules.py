"""Association rules between the items of an order, cluster by cluster.

Source: SPEC of System B, "Baskets". The mining itself is mlxtend's FP-growth on a sparse matrix; items that
cannot reach the support are pruned before it.
"""

from collections import Counter
from math import ceil, comb

import numpy as np
import pandas as pd
import pyarrow as pa
from mlxtend.frequent_patterns import association_rules, fpgrowth, fpmax
from scipy.sparse import csr_matrix

from palette.core.tables import empty

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


def basket_rules(
    items: pd.DataFrame,
    *,
    min_support: float,
    min_confidence: float,
    max_items: int,
    min_orders: int,
) -> pd.DataFrame:
    """Mine the rules of every retailer and cluster.

    Parameters
    ----------
    items
        One row an order and item: ``retailer``, ``cluster_name``, ``order_id``, ``item_id``, ``item_name``,
        and ``cluster_orders``, the number of all orders of the cluster (pruned ones count as well).
    min_support, min_confidence
        Shares, 0 to 1.
    max_items
        Most items on either side of a rule.
    min_orders
        Least number of orders that hold all items of a rule, whatever the support: in a small cluster a few
        large orders would otherwise make every combination of their items a rule.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``: names and ids of either side are sorted by name and joined by " + ".
        Where the itemsets of a cluster would be more than ``MOST_ITEMSETS``, as when someone orders the same
        long list again and again, only the shorter ones are mined, and a printed line says so.
        ``conviction`` is null where the confidence is 1 (the published tables print infinity). Sorted by
        lift, confidence, support (highest first), then by name; ``rule_id`` numbers the rows of a cluster.
    """
    parts = [empty(SCHEMA)]
    for (retailer, cluster), orders in items.groupby(["retailer", "cluster_name"], sort=True):
        names = dict(zip(orders["item_id"], orders["item_name"], strict=True))
        total = int(orders["cluster_orders"].iloc[0])
        needed = max(min_orders, ceil(min_support * total - ROUNDING))
        if needed > total:
            continue
        held = _held(orders, total)
        # Half an order less than needed: mlxtend multiplies the share back and rounds up.
        support = (needed - 0.5) / total
        longest = _longest(held, support, 2 * max_items)
        if longest < 2 * max_items:
            print(
                f"basket_rules: {retailer}, {cluster}: no rules of more than {longest} items, too many; "
                "raise basket_min_support or basket_min_orders to find them"
            )
        rules = _rules(held, support, longest, min_confidence, max_items)
        part = _described(rules, names, total)
        parts.append(part.assign(retailer=str(retailer), cluster_name=str(cluster)))
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]


def _held(orders: pd.DataFrame, total: int) -> pd.DataFrame:
    """Tell for each order (row) and item (column) whether it is in; a sparse frame."""
    baskets, items = orders["order_id"].astype("category"), orders["item_id"].astype("category")
    # Orders whose items were all pruned are empty rows: they count for every share.
    cells = csr_matrix(
        (np.ones(len(orders), dtype=bool), (baskets.cat.codes, items.cat.codes)),
        shape=(total, len(items.cat.categories)),
    )
    held: pd.DataFrame = pd.DataFrame.sparse.from_spmatrix(cells, columns=items.cat.categories)  # type: ignore[attr-defined]
    return held


def _longest(held: pd.DataFrame, support: float, wanted: int) -> int:
    """Return how long itemsets may be, at least 2: all subsets of the maximal ones count."""
    maximal = Counter(fpmax(held, support)["itemsets"].map(len))

    def itemsets(longest: int) -> int:
        return sum(
            sets * comb(items, size) for items, sets in maximal.items() for size in range(1, longest + 1)
        )

    return next((size for size in range(wanted, 2, -1) if itemsets(size) <= MOST_ITEMSETS), 2)


def _rules(
    held: pd.DataFrame, support: float, longest: int, confidence: float, max_items: int
) -> pd.DataFrame:
    itemsets = fpgrowth(held, support, use_colnames=True, max_len=longest)
    if itemsets.empty:
        return pd.DataFrame(columns=["antecedents", "consequents", *METRICS])
    with np.errstate(invalid="ignore"):  # of a metric that is not kept
        rules: pd.DataFrame = association_rules(
            itemsets, metric="confidence", min_threshold=confidence - ROUNDING
        )
    short = (rules["antecedents"].map(len) <= max_items) & (rules["consequents"].map(len) <= max_items)
    return rules[short]


def _described(rules: pd.DataFrame, names: dict[str, str], total: int) -> pd.DataFrame:
    described = rules.rename(columns=lambda name: name.replace(" ", "_"))[
        ["antecedents", "consequents", *METRICS]
    ].copy()
    for side in ("antecedent", "consequent"):
        ordered = described[f"{side}s"].map(lambda ids: sorted((names[item], item) for item in ids))
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
