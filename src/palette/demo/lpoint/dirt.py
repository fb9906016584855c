"""Dirt beside the demo retailer's clean lines: every kind that cleaning has to find."""

from math import ceil
from typing import Any

import numpy as np

from palette.demo.drawing import Columns, Rng, number_within
from palette.demo.lpoint.shop import Shop

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


class Dirt:
    """Counts how many lines of each kind are due: the same share at every size, one at least."""

    def __init__(self, shares: dict[str, Any]) -> None:
        self.shares = shares
        self.lines = 0

    def due(self, lines: int) -> dict[str, int]:
        """Count so many more lines, and give the number due of each kind."""
        before, self.lines = self.lines, self.lines + lines
        return {
            kind: ceil(self.lines * self.shares[kind]) - ceil(before * self.shares[kind])
            for kind in KINDS[2:]
        }


def add_dirt(shop: Shop, lines: Columns, orders: Columns, dirt: Dirt, rng: Rng) -> Columns:
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
    return {**dirty, "seq": number_within(dirty["order"])}


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
