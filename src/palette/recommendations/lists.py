"""The lists, made: ranked by the model that was chosen for each, ruled, cut and explained.

What each list is, :mod:`palette.recommendations.offers` says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_matrix

from palette.recommendations.bundles import in_sets, sets_of, with_sets
from palette.recommendations.codes import Codes, Vector
from palette.recommendations.history import History
from palette.recommendations.hybrid import NAME, Candidates, Moment, Ranker, batches, candidates, scores_of
from palette.recommendations.known import once_of_all
from palette.recommendations.models import DEEP, GroupPopularity
from palette.recommendations.offers import OFFERS, SEASON_DAYS, Offer, has_seasons, meant_for
from palette.recommendations.purchases import Purchases
from palette.recommendations.reasons import FACTS, Reasons, stated
from palette.recommendations.rules import Rule, apply_rules, rules_for, unmatched
from palette.recommendations.scores import Mask, best_allowed, in_places, places

LEARNED = "recommendations"  # name of what the lists are made from
TOLD = 50_000  # customers between two lines that tell how far the lists are
NOWHERE = 1_000  # rank of a super-category that a palette group has no preference for

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("customer_code", pa.int32(), nullable=False),
        pa.field("list_name", pa.string(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),
        pa.field("item_code", pa.int32(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        *FACTS,
    ]
)


@dataclass(frozen=True)
class Preferences:
    """Which super-categories groups of customers prefer.

    Attributes
    ----------
    group
        Of each customer, -1 for none.
    preferred
        Rank of each super-category, groups x super-categories, 1 = preferred most.
    categories
        Code of each item's super-category.
    """

    group: Codes
    preferred: Codes
    categories: Codes

    @classmethod
    def at(cls, moment: Moment) -> Self:
        """Take the groups of the moment itself, and what each of them bought."""
        history = moment.history
        categories, count = history.categories
        model = moment.models.get("palette_popularity")
        if not isinstance(model, GroupPopularity):
            return cls(np.full(history.shape[0], -1), np.zeros((0, count), dtype=np.int64), categories)
        group, groups = model.groups(history)
        known = group >= 0
        shares = np.zeros((groups, count))
        np.add.at(shares, group[known], history.category_share[known])
        order = np.argsort(-shares, axis=1, kind="stable")
        return cls(group, np.argsort(order, axis=1) + 1, categories)

    @classmethod
    def of(cls, history: History, palette: pd.DataFrame, preferences: pd.DataFrame) -> Self:
        """Take the palette groups of the marts.

        Parameters
        ----------
        history
            Whose customers and items these are.
        palette
            The retailer's ``customer_code`` and ``palette_group``.
        preferences
            The retailer's ``palette_group``, ``super_category`` and ``preference_rank``.
        """
        categories, count = history.categories
        names = pd.Index(sorted(palette["palette_group"].unique()), dtype=object)
        group = np.full(history.shape[0], -1, dtype=np.int64)
        group[palette["customer_code"]] = names.get_indexer(palette["palette_group"])
        preferred = np.full((len(names), count), NOWHERE, dtype=np.int64)
        codes = dict(zip(history.purchases.items["super_category"], categories, strict=True))
        known = preferences[preferences["super_category"].isin(codes)]
        place = names.get_indexer(known["palette_group"])
        preferred[place, known["super_category"].map(codes)] = known["preference_rank"]
        return cls(group, preferred, categories)

    def part(self, customers: Codes) -> Self:
        """Return the preferences of some customers."""
        return replace(self, group=self.group[customers])

    def ranks(self, customers: Codes) -> Codes:
        """Return the rank of each item for some customers, customers x items."""
        group = self.group[customers]
        by_category = np.vstack([self.preferred, np.full(self.preferred.shape[1], NOWHERE)])[group]
        found: Codes = by_category[:, self.categories]
        return found


def in_preferred_order(items: Codes, ranks: Codes, length: int) -> Codes:
    """Put each customer's best items in the order that their group prefers, equal ones as they were.

    Parameters
    ----------
    items
        Codes, customers x places, -1 for none.
    ranks
        See :meth:`Preferences.ranks`.
    length
        How many items are shown, and put in order.
    """
    shown = items[:, :length]
    preferred = np.take_along_axis(ranks, np.maximum(shown, 0), axis=1)
    order = np.argsort(np.where(shown >= 0, preferred, NOWHERE + 1), axis=1, kind="stable")
    return np.concatenate([np.take_along_axis(shown, order, axis=1), items[:, length:]], axis=1)


def as_places(rows: pd.DataFrame, customers: Codes, length: int) -> Codes:
    """Turn a ranking, a row an item, into a row a customer.

    Parameters
    ----------
    rows
        ``customer`` and ``item`` (codes), by customer and best first.
    customers
        Whose to return; others' rows are left out.
    length
        How many places.

    Returns
    -------
    numpy.ndarray
        Items, customers x ``length``, -1 after the last.
    """
    row = pd.Index(customers).get_indexer(pd.Index(rows["customer"]))
    order = np.argsort(row, kind="stable")[np.count_nonzero(row < 0) :]
    return in_places(row[order], rows["item"].to_numpy()[order], len(customers), length)


def ranked(moment: Moment, chosen: Candidates, score: Vector) -> pd.DataFrame:
    """Rank candidates.

    Parameters
    ----------
    moment, chosen, score
        Candidates of a moment, and the ranker's score of each.

    Returns
    -------
    pandas.DataFrame
        ``place`` (among the customers), ``customer``, ``item`` (codes), ``score`` and ``days_since_bought``
        (NaN for never), by customer and best first; equal scores by item.
    """
    score = score.round(9)
    order = np.lexsort((chosen.item, -score, chosen.place))
    place, item = chosen.place[order], chosen.item[order]
    customer, pairs = chosen.customers[place], moment.history.pairs
    position, found = pairs.find(customer * moment.history.shape[1] + item)
    since = np.full(len(item), np.nan)
    since[found] = pairs.last_age[position[found]]
    columns = {"place": place, "customer": customer, "item": item, "score": score[order]}
    return pd.DataFrame(columns | {"days_since_bought": since})


def on_list(offer: Offer, history: History, rows: pd.DataFrame, allowed: Mask) -> pd.DataFrame:
    """Keep of what was :func:`ranked` what may be on a list, customers x items (:meth:`Offer.allowed`)."""
    kept = allowed[rows["place"], rows["item"]] & meant_for(history, offer)[rows["customer"]]
    return rows[kept].drop(columns="place").reset_index(drop=True)


def listed(
    offer: Offer,
    moment: Moment,
    chosen: Candidates,
    rows: pd.DataFrame,
    made_by: str,
    *,
    days: int,
) -> pd.DataFrame:
    """Rank what may be on a list by the model that makes it, and what that one does not name by the hybrid.

    Parameters
    ----------
    offer
        The list.
    moment, chosen
        Candidates of a moment.
    rows
        What the hybrid :func:`ranked`, with ``model``, its name or that of what stands in for it.
    made_by
        Name of the model; one that was not fitted at the moment names nothing.
    days
        Length of the window.

    Returns
    -------
    pandas.DataFrame
        As :func:`on_list`; ``model`` is who ranked the row: scores are comparable within a model alone.
    """
    history = moment.history
    allowed = offer.allowed(history, chosen.customers, chosen.scores, days)
    rows = on_list(offer, history, rows, allowed)
    if made_by == NAME or made_by not in chosen.scores:
        return rows
    best, scores = best_allowed(chosen.scores[made_by], allowed, DEEP)
    place, rank = places(best >= 0)
    own = Candidates(chosen.customers, chosen.scores, place, best[place, rank])
    first = ranked(moment, own, scores[place, rank].astype(np.float64)).assign(model=made_by)
    rows = pd.concat([on_list(offer, history, first, allowed), rows]).drop_duplicates(["customer", "item"])
    return rows.sort_values("customer", kind="stable", ignore_index=True)


@once_of_all
def ruled_items(history: History) -> pd.DataFrame:
    """Return the items with what the rules look at, of what is known at a moment."""
    items = history.purchases.items
    ids = items["product_ids"].astype(object).str.split("|")
    return items.assign(product_ids=ids, buyers=history.buyers.astype(np.int64))


@dataclass(frozen=True)
class Lists:
    """The making of a retailer's lists, without fitting: a call makes those of some customers.

    Attributes
    ----------
    moment
        The models of the moment that the lists are for.
    ranker
        Ranks the candidates; None where too little was learned from.
    rules
        The retailer's, see :func:`palette.recommendations.rules.read_rules`.
    made_by
        The model that makes each list. The hybrid makes those that are not named.
    items
        What the rules look at, see :func:`ruled_items`.
    preferred
        In which order a list by preference is shown.
    reasons
        Why an item is on a list.
    length
        Most rows of a list.
    days
        Length of the window: how far ahead the lists look.
    """

    moment: Moment
    ranker: Ranker | None
    rules: Sequence[Rule]
    made_by: Mapping[str, str]
    items: pd.DataFrame
    preferred: Preferences
    reasons: Reasons
    length: int
    days: int

    @classmethod
    def of(
        cls,
        known: Purchases,
        learned: Mapping[str, Any],
        rules: Sequence[Rule],
        made_by: Mapping[str, str],
        palette: pd.DataFrame,
        preferences: pd.DataFrame,
        *,
        length: int,
        days: int,
        seed: int,
    ) -> Self:
        """Prepare the lists of a retailer, and say what they lack.

        Parameters
        ----------
        known
            The retailer's purchases.
        learned
            What :func:`palette.recommendations.learning.learn` returned.
        rules, made_by, length, days
            See :class:`Lists`.
        palette, preferences
            See :meth:`Preferences.of`.
        seed
            Seed of what the models draw.
        """
        moment = Moment.of(History(known, 0, seed), learned["models"])
        history, retailer = moment.history, known.retailer
        if not has_seasons(history):
            print(
                f"recommendations: {retailer}: {known.span:.0f} days of purchases are too few "
                f"to know a season by: the list season needs {SEASON_DAYS}"
            )
        items, preferred = ruled_items(history), Preferences.of(history, palette, preferences)
        for sentence in unmatched(rules, items):
            print(f"recommendations: {retailer}: {sentence}")
        ranker = Ranker.of(learned["ranker"])
        return cls(moment, ranker, rules, made_by, items, preferred, Reasons(moment), length, days)

    def batches(self) -> Iterator[Codes]:
        """Cut the customers who get lists into batches, and tell how far they are whenever one is taken."""
        history = self.moment.history
        retailer, everybody = history.purchases.retailer, np.flatnonzero(history.customer_orders > 0)
        print(f"recommendations: {retailer}: lists for {len(everybody):,} customers")
        told = taken = 0
        for batch in batches(everybody, history.shape[1]):
            if taken // TOLD > told:
                told = taken // TOLD
                print(f"recommendations: {retailer}: the lists of {taken:,} customers are under way")
            taken += len(batch)
            yield batch

    def part(self, customers: Codes) -> Self:
        """Return what makes the lists of some customers, as :meth:`Known.part` does."""
        moment = self.moment.part(customers, self.days)
        reasons = self.reasons.part(moment, self._meetings)
        return replace(self, moment=moment, preferred=self.preferred.part(customers), reasons=reasons)

    def __call__(self, customers: Codes) -> pa.Table:
        """Make every list of some customers (codes of the moment).

        Returns
        -------
        pyarrow.Table
            Columns of ``SCHEMA``, by customer, list and rank; the code of a customer is the retailer's.
        """
        moment = self.moment
        history, retailer = moment.history, moment.history.purchases.retailer
        chosen = candidates(moment, customers, self.days)
        score, name = scores_of(self.ranker, moment, chosen)
        everything = ranked(moment, chosen, score).assign(model=name)
        parts = []
        for offer in OFFERS:
            by = self.made_by.get(offer.name, NAME)
            rows = listed(offer, moment, chosen, everything, by, days=self.days)
            depth = DEEP if offer.as_sets else self.length
            rows = apply_rules(rows, self.items, rules_for(self.rules, retailer, offer.name), length=depth)
            if offer.by_preference:
                rows = _in_preferred_order(rows, self.preferred)
            if offer.as_sets:
                rows = _in_sets(rows, history, self.length)
            parts.append(_described(retailer, offer, self.reasons, rows, self.days))
        order = [(name, "ascending") for name in ("customer_code", "list_name", "rank")]
        return pa.concat_tables(parts).sort_by(order)

    @cached_property
    def _meetings(self) -> dict[str, csr_matrix]:
        return self.reasons.meetings_of({*self.made_by.values(), NAME})


def all_lists(
    shops: Iterable[Purchases],
    learned: Mapping[tuple[str, str], Any],
    rules: Sequence[Rule],
    choices: pd.DataFrame,
    customers: Mapping[str, pd.DataFrame],
    tables: Mapping[str, pd.DataFrame],
    *,
    length: int,
    days: int,
    seed: int,
) -> Iterator[tuple[Lists, Iterator[Codes]]]:
    """Prepare the lists of every retailer, for :func:`palette.engine.spread`.

    Parameters
    ----------
    shops
        The retailers' purchases.
    learned
        What was learned, by retailer and name.
    rules
        Of all retailers.
    choices
        ``retailer``, ``list_name`` and ``model``.
    customers
        ``palette`` (``palette_group``) and ``clusters`` (``cluster_name``), each with ``retailer`` and
        ``customer_code``.
    tables
        ``preferences`` and ``baskets``: the marts ``palette_category_preferences`` and ``basket_rules``.
    length, days, seed
        See :meth:`Lists.of`.

    Yields
    ------
    Lists, iterator of numpy.ndarray
        What makes lists, and the batches of customers (codes) to make them for.
    """

    def own(table: pd.DataFrame, retailer: str) -> pd.DataFrame:
        return table[table["retailer"] == retailer]

    for known in shops:
        shop = known.retailer
        lists = Lists.of(
            with_sets(known, own(customers["clusters"], shop), own(tables["baskets"], shop)),
            learned[shop, LEARNED],
            [rule for rule in rules if rule.retailer == shop],
            dict(own(choices, shop)[["list_name", "model"]].itertuples(index=False)),
            own(customers["palette"], shop),
            own(tables["preferences"], shop),
            length=length,
            days=days,
            seed=seed,
        )
        yield lists, lists.batches()


def _in_preferred_order(rows: pd.DataFrame, preferred: Preferences) -> pd.DataFrame:
    """Do what :func:`in_preferred_order` does, to a row an item."""
    customers, place = np.unique(rows["customer"].to_numpy(), return_inverse=True)
    ranks = preferred.ranks(customers)[place, rows["item"].to_numpy()]
    return rows.iloc[np.lexsort((np.arange(len(rows)), ranks, place))].reset_index(drop=True)


def _in_sets(rows: pd.DataFrame, history: History, length: int) -> pd.DataFrame:
    """Do what :func:`in_sets` does, to a row an item; adds ``set_number`` and ``rule_id``."""
    customers = np.unique(rows["customer"].to_numpy())
    items, numbers, sets = in_sets(history, customers, as_places(rows, customers, DEEP), length)
    row, place = places(items >= 0)
    shown = pd.DataFrame(
        {
            "customer": customers[row],
            "item": items[row, place],
            "set_number": numbers[row, place],
            "rule_id": sets_of(history).rule[sets[row, place]],
        }
    )
    return shown.merge(rows, on=["customer", "item"], how="left")


def _described(retailer: str, offer: Offer, reasons: Reasons, rows: pd.DataFrame, days: int) -> pa.Table:
    """Add rank, reason and the expected date to what was ranked."""
    history = reasons.moment.history
    customer, item, model = (rows[name].to_numpy() for name in ("customer", "item", "model"))
    columns = {
        "retailer": pa.repeat(retailer, len(rows)),
        "customer_code": history.purchases.code_of(customer).astype(np.int32),
        "list_name": pa.repeat(offer.name, len(rows)),
        "rank": (rows.groupby("customer").cumcount() + 1).to_numpy(dtype=np.int64),
        "item_code": item.astype(np.int32),
        "model": pa.array(model, pa.string()),
        "score": rows["score"].to_numpy(dtype=np.float64),
    }
    if offer.rests_on is None:
        told = reasons.explain(offer.name, customer, item, model.astype(object))
    else:
        told = stated(offer.rests_on, rows.assign(**offer.tells(history, customer, item, days)))
    return pa.table(columns | told).select(SCHEMA.names).cast(SCHEMA)
