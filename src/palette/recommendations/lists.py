"""The lists: who gets each, what may be on it, and in which order.

- ``discover``: what the customer has not bought.
- ``again``: what they are due to rebuy, with the expected date.
- ``next``: what they most likely buy in the next window, whatever it is.
- ``online_offers``: what sells online, for customers who only buy offline (SPEC of System A, section 9; the
  mart orders it by the palette group's preference).
- ``push``: what goes with the purchases of the last day, and with the customer.

Each is made by the model that the backtest chose for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.core.tables import empty
from palette.recommendations.history import Codes, History, Purchases, Vector, purchases_of
from palette.recommendations.hybrid import (
    FUSION,
    NAME,
    WINDOWS,
    Candidates,
    Examples,
    Moment,
    Ranker,
    active,
    batches,
    candidates,
    examples,
    features,
    fit_moment,
    fit_ranker,
    fused,
    joined,
)
from palette.recommendations.reasons import explain
from palette.recommendations.rules import apply_rules, read_rules, rules_for, unmatched

Mask = NDArray[np.bool_]

DEEP = 500  # items that a single model names: rules leave out some, and the hybrid names about as many

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("list_name", pa.string(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("expected_on", pa.date32()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Offer:
    """A list.

    Attributes
    ----------
    name
        Its name in the marts.
    customers
        Says of a history which customers get it.
    items
        Says of a history which items may be on it for some customers (codes), customers x items, with a
        window of so many days in mind.
    needs
        Name of a component that has to know something of an item, if any.
    """

    name: str
    customers: Callable[[History], Mask]
    items: Callable[[History, Codes, int], Mask]
    needs: str | None = None

    def allowed(self, history: History, chosen: Candidates, days: int) -> Mask:
        """Tell what may be on the list of some customers of a history, customers x items."""
        allowed = self.items(history, chosen.customers, days)
        return allowed & (chosen.scores[self.needs] > 0) if self.needs else allowed


def _buyers(history: History) -> Mask:
    return history.customer_orders > 0


def _offline_only(history: History) -> Mask:
    return history.offline_only & bool(history.online.any())


def _bought_today(history: History) -> Mask:
    return np.asarray(history.last_age < history.days_today)


def _unbought(history: History, customers: Codes, _: int) -> Mask:
    return ~_bought(history, customers) & (history.buyers > 0)


def _due(history: History, customers: Codes, days: int) -> Mask:
    bought = _bought(history, customers)
    place, item = np.nonzero(bought)
    bought[place, item] = history.due_in(customers[place], item) <= days
    return bought


def _sold(history: History, customers: Codes, _: int) -> Mask:
    return np.broadcast_to(history.buyers > 0, (len(customers), history.shape[1]))


def _sold_online(history: History, customers: Codes, _: int) -> Mask:
    return np.broadcast_to(history.online, (len(customers), history.shape[1]))


def _not_today(history: History, customers: Codes, days: int) -> Mask:
    today = history.today[customers].toarray() > 0
    return np.asarray(_sold(history, customers, days) & ~today)


def _bought(history: History, customers: Codes) -> Mask:
    bought: Mask = history.bought[customers].toarray() > 0
    return bought


OFFERS = (
    Offer("discover", _buyers, _unbought),
    Offer("again", _buyers, _due),
    Offer("next", _buyers, _sold),
    Offer("online_offers", _offline_only, _sold_online),
    Offer("push", _bought_today, _not_today, needs="goes_with"),
)


def ranked(offer: Offer, moment: Moment, chosen: Candidates, score: Vector, *, days: int) -> pd.DataFrame:
    """Rank what may be on a list.

    Parameters
    ----------
    offer
        The list.
    moment, chosen, score
        Candidates of a moment, and the ranker's score of each.
    days
        Length of the window.

    Returns
    -------
    pandas.DataFrame
        ``customer``, ``item`` (codes), ``score`` and ``days_since_bought`` (NaN for never), by customer and
        best first; equal scores by item.
    """
    history = moment.history
    allowed = offer.allowed(history, chosen, days)[chosen.place, chosen.item]
    allowed &= offer.customers(history)[chosen.customer]
    customer, item, score = chosen.customer[allowed], chosen.item[allowed], score[allowed].round(9)
    order = np.lexsort((item, -score, customer))
    customer, item = customer[order], item[order]
    position, found = history.pairs.find(customer * history.shape[1] + item)
    since = np.where(found, history.pairs.last_age[position], np.nan)
    return pd.DataFrame(
        {"customer": customer, "item": item, "score": score[order], "days_since_bought": since}
    )


def listed(
    offer: Offer, moment: Moment, chosen: Candidates, scored: tuple[Vector, str], made_by: str, *, days: int
) -> pd.DataFrame:
    """Rank what may be on a list by the model that makes it, and what that one does not name by the hybrid.

    Parameters
    ----------
    offer
        The list.
    moment, chosen
        Candidates of a moment.
    scored
        See :func:`scores_of`.
    made_by
        Name of the model; one that was not fitted at the moment names nothing.
    days
        Length of the window.

    Returns
    -------
    pandas.DataFrame
        As :func:`ranked`, with ``model``, who ranked the row; scores are comparable within a model alone.
    """
    score, name = scored
    rows = ranked(offer, moment, chosen, score, days=days).assign(model=name)
    if made_by == NAME or made_by not in chosen.scores:
        return rows
    scores = chosen.scores[made_by]
    best = best_items(np.where(offer.allowed(moment.history, chosen, days), scores, -np.inf), DEEP)
    place, rank = np.nonzero(best >= 0)
    item = best[place, rank]
    own = Candidates(chosen.customers, chosen.scores, place, item)
    first = ranked(offer, moment, own, scores[place, item].astype(np.float64), days=days)
    rows = pd.concat([first.assign(model=made_by), rows]).drop_duplicates(["customer", "item"])
    return rows.sort_values("customer", kind="stable", ignore_index=True)


def best_items(scores: NDArray[np.floating], count: int) -> Codes:
    """Return each row's best items, -1 after the last; no score and no information are no item."""
    count = min(count, scores.shape[1])
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(scores, best, axis=1)
    order = np.lexsort((best, -found), axis=1)
    best, found = np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)
    return np.where(np.isfinite(found) & (found != 0), best, -1)


def ruled_items(history: History) -> pd.DataFrame:
    """Return the items with what the rules look at, of what is known at a moment."""
    items = history.purchases.items
    ids = items["product_ids"].astype(object).str.split("|")
    return items.assign(product_ids=ids, buyers=history.buyers.astype(np.int64))


def learn(
    purchases: Purchases, backs: Sequence[int], *, days: int, seed: int, models: Sequence[str]
) -> list[Examples]:
    """Describe the candidates of earlier moments and what became of them.

    Parameters
    ----------
    purchases
        All of the retailer's.
    backs
        How many days before the last purchase each moment lies.
    days
        Length of the window.
    seed
        Seed of the models.
    models
        Names of the models.
    """
    described = []
    for back in backs:
        moment = fit_moment(purchases, back, seed=seed, models=models)
        drawn = active(moment.history, days, seed=seed)
        described.append(joined([part for _, part in examples(moment, drawn, days)]))
    return described


def training_moments(purchases: Purchases, days_back: int, days: int) -> list[int]:
    """Return the earlier moments that a ranker for a moment learns from: windows that end by it.

    A moment needs a window's length of purchases before it.
    """
    backs = [days_back + place * days for place in range(1, WINDOWS + 1)]
    return [back for back in backs if purchases.span - back >= days]


def scores_of(ranker: Ranker, moment: Moment, chosen: Candidates) -> tuple[Vector, str]:
    """Score candidates, and name the model that did: the ranker or, if it learned nothing, the fusion."""
    if ranker.forests:
        return ranker.score(features(moment, chosen)), NAME
    return fused(moment, chosen), FUSION


def recommendations(
    purchases: pd.DataFrame,
    items: pd.DataFrame,
    rules: pd.DataFrame,
    choices: pd.DataFrame,
    *,
    length: int,
    days: int,
    seed: int,
    models: Sequence[str],
    rules_enabled: bool,
) -> pd.DataFrame:
    """Make every list of every retailer.

    Parameters
    ----------
    purchases, items
        See :func:`palette.recommendations.history.purchases_of`; ``items`` also ``product_ids`` (joined by
        `|`), ``stock`` and ``margin``.
    rules
        See :func:`palette.recommendations.rules.read_rules`.
    choices
        Which ``model`` makes which list: ``retailer``, ``list_name``, ``model``. The hybrid makes the others.
    length
        Most rows of a list.
    days
        Length of the window: how far ahead the lists look, and how long a window the ranker learns from.
    seed
        Seed of all that is drawn.
    models
        Names of the single models that may take part.
    rules_enabled
        Whether the rules count.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``, by retailer, customer, list and rank.
    """
    parts = [empty(SCHEMA)]
    configured = read_rules(rules) if rules_enabled else []
    makers = {(row.retailer, row.list_name): str(row.model) for row in choices.itertuples(index=False)}
    with threadpool_limits(1):  # several would wait for each other wherever a core is busy
        for retailer in sorted(purchases["retailer"].unique()):
            known = purchases_of(retailer, purchases, items)
            own_rules = [rule for rule in configured if rule.retailer == retailer]
            made_by = {offer.name: makers.get((retailer, offer.name), NAME) for offer in OFFERS}
            past = learn(known, training_moments(known, 0, days), days=days, seed=seed, models=models)
            ranker = fit_ranker(past, seed=seed)
            single = any(model != NAME for model in made_by.values())
            moment = fit_moment(known, 0, seed=seed, models=models, judged=single)
            known_items = ruled_items(moment.history)
            for sentence in unmatched(own_rules, known_items):
                print(f"recommendations: {retailer}: {sentence}")
            everybody = np.flatnonzero(moment.history.customer_orders > 0)
            print(f"recommendations: {retailer}: lists for {len(everybody):,} customers")
            for batch in batches(everybody, moment.history.shape[1]):
                chosen = candidates(moment, batch)
                scored = scores_of(ranker, moment, chosen)
                for offer in OFFERS:
                    rows = listed(offer, moment, chosen, scored, made_by[offer.name], days=days)
                    list_rules = rules_for(own_rules, retailer, offer.name)
                    rows = apply_rules(rows, known_items, list_rules, length=length)
                    rows["rank"] = rows.groupby("customer").cumcount() + 1
                    parts += [
                        _described(offer, moment, ranks, str(model)).assign(retailer=retailer)
                        for model, ranks in rows.groupby("model", sort=False)
                    ]
    made = pd.concat(parts, ignore_index=True)
    return made.sort_values(["retailer", "customer_id", "list_name", "rank"], ignore_index=True)


def _described(offer: Offer, moment: Moment, rows: pd.DataFrame, model: str) -> pd.DataFrame:
    """Add ids, the expected date, reason and evidence to what a model ranked."""
    purchases = moment.history.purchases
    customer, item = rows["customer"].to_numpy(), rows["item"].to_numpy()
    reasons, evidence, expected = explain(offer.name, moment, customer, item, model)
    return pd.DataFrame(
        {
            "customer_id": purchases.customers[customer],
            "list_name": offer.name,
            "rank": rows["rank"].to_numpy(),
            "item_id": purchases.items["item_id"].to_numpy(dtype=object)[item],
            "model": model,
            "score": rows["score"].to_numpy(),
            "expected_on": expected,
            "reason": reasons,
            "evidence": evidence,
        }
    )
