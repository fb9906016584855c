"""Why a thing is on a list: a sentence to show, and the figures it rests on.

Every figure can be recomputed from the purchases; the weights are those of the model itself.
"""

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from palette.recommendations.history import DAY, Codes, History, Vector
from palette.recommendations.hybrid import NAME, Moment
from palette.recommendations.models import POPULAR, Ease, GoesWith, Neighbours

LEADING = 3
RECENT_DAYS = 28
PAIRS_AT_A_TIME = 50_000


@dataclass(frozen=True)
class Influences:
    """What of a customer's purchases speaks most for an item, rows x ``LEADING``, strongest first.

    ``item`` is -1 and ``weight`` 0 where nothing more does. ``buyers`` is the number of those (customers or
    orders) with the influencing item, ``both`` of those with both items.
    """

    item: Codes
    weight: Vector
    buyers: Codes
    both: Codes


def influences(moment: Moment, customer: Codes, item: Codes, model: str = NAME) -> Influences:
    """Find the purchases that weigh most for items.

    Parameters
    ----------
    moment
        Whose models are asked.
    customer, item
        Codes, a row each.
    model
        Who ranked the items. One whose score is no sum over purchases, as the hybrid's, is spoken for by EASE
        or, without it, by item-based cosine.
    """
    history = moment.history
    owned = history.bought
    weights: NDArray[np.float32] | csr_matrix | None = None
    for name in (model, "ease", "item_cosine"):
        match moment.models.get(name):
            case Ease() as ease:
                weights = ease.weights
            case Neighbours() as neighbours:
                weights = neighbours.similarities
            case GoesWith() as neighbours:
                owned, weights = history.last_order, neighbours.similarities
        if weights is not None:
            break
    return _strongest(owned, history.bought, weights, customer, item)


def companions(moment: Moment, customer: Codes, item: Codes) -> Influences:
    """Find the purchases of the last order that items are ordered with most; counts are of orders."""
    history = moment.history
    model = moment.models.get("goes_with")
    weights = model.similarities if isinstance(model, GoesWith) else None
    return _strongest(history.last_order, history.baskets, weights, customer, item)


def explain(
    list_name: str, moment: Moment, customer: Codes, item: Codes, model: str = NAME
) -> tuple[list[str], list[str], list[object]]:
    """Give the reason and the evidence for rows of a list.

    Parameters
    ----------
    list_name
        The list.
    moment
        What is known.
    customer, item
        Codes, a row each.
    model
        Who ranked the rows.

    Returns
    -------
    (list of str, list of str, list of datetime.date or None)
        Reasons, evidence as JSON, and the expected dates of the list ``again``.
    """
    if list_name == "push":
        told = _told_by_companions(moment, customer, item)
    else:
        own = _told_by_own(moment.history, customer, item, expected=list_name == "again")
        new = np.array([mine is None for mine in own], dtype=bool)
        others = iter(
            _told_by_popularity(moment.history, item[new])
            if model in POPULAR
            else _told_by_influences(moment, customer[new], item[new], model)
        )
        told = [mine or next(others) for mine in own]
    dates: list[object] = [None] * len(told)
    if list_name == "again":
        dates = [date.fromisoformat(str(figures["expected_on"])) for _, figures in told]
    buyers, recent = moment.history.buyers, moment.history.buyers_within(RECENT_DAYS)
    evidence = [
        json.dumps(
            figures | {"buyers": int(buyers[code]), f"buyers_{RECENT_DAYS}_days": int(recent[code])},
            ensure_ascii=False,
        )
        for (_, figures), code in zip(told, item, strict=True)
    ]
    return [reason for reason, _ in told], evidence, dates


Told = tuple[str, dict[str, object]]


def _told_by_influences(moment: Moment, customer: Codes, item: Codes, model: str) -> list[Told]:
    history = moment.history
    found = influences(moment, customer, item, model)
    popular = _told_by_popularity(history, item)
    names = _names(history)
    ids = history.purchases.items["item_id"].astype(object).tolist()
    told: list[Told] = []
    for row in range(len(item)):
        leading = [place for place in range(LEADING) if found.item[row, place] >= 0]
        if leading:
            shares = ", ".join(
                f"{names[found.item[row, place]]} ({found.both[row, place]} of its "
                f"{found.buyers[row, place]} buyers took both)"
                for place in leading
            )
            figures: dict[str, object] = {
                "rests_on": "neighbours",
                "neighbours": [
                    {
                        "item_id": ids[found.item[row, place]],
                        "weight": round(float(found.weight[row, place]), 6),
                        "buyers": int(found.buyers[row, place]),
                        "buyers_of_both": int(found.both[row, place]),
                    }
                    for place in leading
                ],
            }
            told.append((f"Goes with what they bought: {shares}", figures))
        else:
            told.append(popular[row])
    return told


def _told_by_popularity(history: History, item: Codes) -> list[Told]:
    recent, first = history.buyers_within(RECENT_DAYS), history.first_sold
    told: list[Told] = []
    for code in item:
        since = _day(history, -first[code])
        bought = f"ought by {int(recent[code])} customers in the last {RECENT_DAYS} days"
        reason = f"New since {since}, b{bought}" if first[code] < RECENT_DAYS else f"B{bought}"
        told.append((reason, {"rests_on": "popularity", "first_sold_on": since}))
    return told


def _told_by_own(history: History, customer: Codes, item: Codes, *, expected: bool) -> list[Told | None]:
    """Tell of what the customer bought before; None for the rest."""
    position, found = history.pairs.find(customer * history.shape[1] + item)
    orders, last = history.pairs.orders, history.pairs.last_age
    interval = np.full(len(item), np.nan)
    interval[found] = history.interval(customer[found], item[found])
    told: list[Told | None] = []
    for row, place in enumerate(position):
        if not found[row]:
            told.append(None)
            continue
        times, all_orders = int(orders[place]), int(history.customer_orders[customer[row]])
        on = _day(history, -last[place])
        figures: dict[str, object] = {
            "rests_on": "own_purchases",
            "orders": times,
            "customer_orders": all_orders,
            "last_bought_on": on,
        }
        reason = f"Bought in {times} of their {all_orders} orders, last on {on}"
        if expected:
            days = float(interval[row])
            due = _day(history, days - last[place])
            figures |= {"interval_days": round(days, 2), "expected_on": due}
            reason += f"; usually rebought after {days:.0f} days: expected on {due}"
        told.append((reason, figures))
    return told


def _told_by_companions(moment: Moment, customer: Codes, item: Codes) -> list[Told]:
    history = moment.history
    found = companions(moment, customer, item)
    names = _names(history)
    ids = history.purchases.items["item_id"].astype(object).tolist()
    on = history.moment.date().isoformat()
    told: list[Told] = []
    for row in range(len(item)):
        trigger, both, orders = found.item[row, 0], int(found.both[row, 0]), int(found.buyers[row, 0])
        told.append(
            (
                f"Goes with {names[trigger]}, bought on {on}: {both} of its {orders} orders hold both",
                {
                    "rests_on": "last_order",
                    "trigger_item_id": ids[trigger],
                    "bought_on": on,
                    "cosine": round(float(found.weight[row, 0]), 6),
                    "orders": orders,
                    "orders_of_both": both,
                },
            )
        )
    return told


def _day(history: History, days: float) -> str:
    """Return the date so many days after the moment; exact to the second, since midnight is near."""
    return (history.moment + pd.Timedelta(seconds=round(float(days) * DAY))).date().isoformat()


def _names(history: History) -> list[str]:
    """Return the items' names, without the blanks that stray into them."""
    return [" ".join(name.split()) for name in history.purchases.items["item_name"].astype(object)]


def _strongest(
    owned: csr_matrix,
    counted: csr_matrix,
    weights: NDArray[np.float32] | csr_matrix | None,
    customer: Codes,
    item: Codes,
) -> Influences:
    """Find each row's leading items of ``owned``, and count in ``counted`` how often they meet the item."""
    shape = (len(item), LEADING)
    leading, weight = np.full(shape, -1, dtype=np.int64), np.zeros(shape)
    if weights is not None:
        for start in range(0, len(item), PAIRS_AT_A_TIME):
            part = slice(start, start + PAIRS_AT_A_TIME)
            leading[part], weight[part] = _leading(owned[customer[part]], weights, item[part])
    found = leading >= 0
    columns = counted.tocsc()
    totals = np.asarray(columns.sum(axis=0)).ravel()
    both = np.zeros(shape, dtype=np.int64)
    both[found] = _meetings(columns, leading[found], np.broadcast_to(item[:, None], shape)[found])
    buyers = np.where(found, totals[leading], 0).astype(np.int64)
    return Influences(leading, weight, buyers, both)


def _leading(
    rows: csr_matrix, weights: NDArray[np.float32] | csr_matrix, item: Codes
) -> tuple[Codes, Vector]:
    """Return each row's items of most weight for its item, and the weights; -1 and 0 for none above 0."""
    counts = np.diff(rows.indptr)
    wanted = np.repeat(item, counts)
    cells = np.asarray(weights[rows.indices, wanted], dtype=np.float64).ravel()
    cells[rows.indices == wanted] = 0
    leading = np.full((len(item), LEADING), -1, dtype=np.int64)
    weight = np.zeros((len(item), LEADING))
    some = np.flatnonzero(counts)
    starts = rows.indptr[:-1][some]
    owner = np.repeat(np.arange(len(some)), counts[some])
    for place in range(LEADING if len(some) else 0):
        best = np.maximum.reduceat(cells, starts)
        at = np.flatnonzero((cells == best[owner]) & (cells > 0))
        owners, firsts = np.unique(owner[at], return_index=True)
        leading[some[owners], place] = rows.indices[at[firsts]]
        weight[some[owners], place] = cells[at[firsts]]
        cells[at[firsts]] = 0
    return leading, weight


def _meetings(columns: csc_matrix, first: Codes, second: Codes) -> Codes:
    """Count the rows that hold both items of each pair."""
    pairs, inverse = np.unique(first * columns.shape[1] + second, return_inverse=True)
    counts = np.zeros(len(pairs), dtype=np.int64)
    for start in range(0, len(pairs), PAIRS_AT_A_TIME):
        part = pairs[start : start + PAIRS_AT_A_TIME]
        held = columns[:, part // columns.shape[1]].multiply(columns[:, part % columns.shape[1]])
        counts[start : start + PAIRS_AT_A_TIME] = np.asarray(held.sum(axis=0)).ravel().round()
    found: Codes = counts[inverse]
    return found
