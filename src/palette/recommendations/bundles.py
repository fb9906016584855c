"""Sets of two or three items that customers alike order together: those of their basket rules.

Source: docs/methods.md, "Baskets". The rules of a past moment are mined of the orders that were known then,
within the groups that customers were in then, by the definition of the mart ``basket_rules``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from palette.baskets.rules import SEPARATOR, frequent_itemsets, held_by, rules_of
from palette.recommendations.codes import Codes, column_sums
from palette.recommendations.history import History
from palette.recommendations.known import once, once_of_each
from palette.recommendations.models import groupings_of, groups_by
from palette.recommendations.purchases import Purchases

LARGEST = 3  # items of a set
MOST_SETS = 300  # of a group, those of the greatest lift

RULE = ["rule_id", "antecedent_ids", "consequent_ids", "antecedent_items", "consequent_items"]


class Set(NamedTuple):
    """The items of a rule: who buys the antecedents in the same order buys the consequents."""

    group: int
    rule: int
    antecedents: tuple[int, ...]
    consequents: tuple[int, ...]


@dataclass(frozen=True)
class Sets:
    """Sets of the rules of groups of customers.

    Attributes
    ----------
    group
        Of each customer, -1 for none.
    of_group, rule
        Of each set: the group it is for, and the number of its rule within it, 1 = the best.
    antecedents
        1 where the rule's antecedents hold the item, sets x items.
    members
        Codes of the set's items, sets x ``LARGEST``, -1 after the last.
    """

    group: Codes
    of_group: Codes
    rule: Codes
    antecedents: csr_matrix
    members: Codes

    def __getitem__(self, customers: Codes) -> Self:
        """Return the same sets for some of the customers."""
        return replace(self, group=self.group[customers])

    @classmethod
    def of(cls, group: Codes, sets: Sequence[Set], items: int) -> Self:
        """Keep the best sets of each group, by the number of the rule; those of more items are left out."""
        small = [each for each in sets if len(each.antecedents) + len(each.consequents) <= LARGEST]
        chosen = sorted(small)
        places = pd.Series([each.group for each in chosen], dtype=np.int64)
        chosen = [chosen[at] for at in np.flatnonzero(places.groupby(places).cumcount() < MOST_SETS)]
        members = np.full((len(chosen), LARGEST), -1, dtype=np.int64)
        for place, each in enumerate(chosen):
            held = (*each.antecedents, *each.consequents)
            members[place, : len(held)] = held
        sizes = [len(each.antecedents) for each in chosen]
        before = np.array([item for each in chosen for item in each.antecedents], dtype=np.int64)
        ones = np.ones(len(before), dtype=np.float32)
        row = np.repeat(np.arange(len(chosen)), np.array(sizes, dtype=np.int64))
        return cls(
            group,
            np.array([each.group for each in chosen], dtype=np.int64),
            np.array([each.rule for each in chosen], dtype=np.int64),
            csr_matrix((ones, (row, before)), shape=(len(chosen), items)),
            members,
        )


def with_sets(known: Purchases, clusters: pd.DataFrame, rules: pd.DataFrame) -> Purchases:
    """Let the marts say which sets there are now.

    Parameters
    ----------
    known
        A retailer's purchases.
    clusters
        Its ``customer_code`` and ``cluster_name``.
    rules
        Its rows of ``basket_rules``.
    """
    names = pd.Index(sorted(clusters["cluster_name"].unique()), dtype=object)
    group = np.full(known.customers, -1, dtype=np.int64)
    group[clusters["customer_code"]] = names.get_indexer(clusters["cluster_name"])
    codes = {item: code for code, item in enumerate(known.items["item_id"])}
    sets = []
    for cluster, own in rules.groupby("cluster_name"):
        group_code = int(names.get_indexer([cluster])[0])
        for rule, before, after, *sizes in own[RULE].to_numpy(dtype=object):
            sides = [_codes(before, codes), _codes(after, codes)]
            if [len(side) for side in sides] == sizes:
                sets.append(Set(group_code, int(rule), *sides))
    return replace(known, sets=Sets.of(group, sets, len(codes)))


def _codes(ids: str, codes: dict[str, int]) -> tuple[int, ...]:
    """Read the items of one side of a rule; an id may hold the separator itself, and is one item then."""
    found, parts = [], ids.split(SEPARATOR)
    while parts:
        lengths = [size for size in range(1, len(parts) + 1) if SEPARATOR.join(parts[:size]) in codes]
        if not lengths:
            return ()
        found.append(codes[SEPARATOR.join(parts[: lengths[0]])])
        parts = parts[lengths[0] :]
    return tuple(found)


@once_of_each
def sets_of(history: History) -> Sets:
    """Return the sets that were known at a moment: of the marts now, mined for any other time."""
    known = history.purchases.sets
    if known is not None and not history.days_back:
        return known
    groups = np.full(history.shape[0], -1, dtype=np.int64)
    if not len(history.learners):
        return Sets.of(groups, [], history.shape[1])
    groups, count = groups_by(groupings_of(history, "cluster"), history)
    sets = [each for group in range(count) for each in _mined(history, groups, group)]
    return Sets.of(groups, sets, history.shape[1])


@once
def fitting(history: History) -> csr_matrix:
    """Return 1 where a customer bought all antecedents of a set of their group, customers x sets."""
    sets = sets_of(history)
    met = (history.bought @ sets.antecedents.T).tocoo()
    sizes = np.diff(sets.antecedents.indptr)
    fits = (met.data == sizes[met.col]) & (sets.group[met.row] == sets.of_group[met.col])
    ones = np.ones(int(fits.sum()), dtype=np.float32)
    return csr_matrix((ones, (met.row[fits], met.col[fits])), shape=met.shape)


def in_sets(history: History, customers: Codes, best: Codes, length: int) -> tuple[Codes, Codes, Codes]:
    """Put each customer's best items into sets, best set first, an item once.

    A set is worth the mean of what its items' places are, as nDCG discounts them, and is only made where the
    customer's list has all of its items; of equal ones the rule of more lift leads.

    Parameters
    ----------
    history, customers
        Customers (codes) of a history.
    best
        Items best first, customers x places, -1 after the last.
    length
        Most items of a list; a set that would be cut is left out.

    Returns
    -------
    items, numbers, sets
        Customers x ``length``: the item, -1 after the last; which of the list's sets it is of, 1 = the first,
        and which of :func:`sets_of`.
    """
    sets = sets_of(history)
    items, numbers, places = (np.full((len(customers), length), -1, dtype=np.int64) for _ in range(3))
    worth = np.zeros((len(customers), history.shape[1] + 1))  # the last column is of no item
    row, at = np.nonzero(best >= 0)
    worth[row, best[row, at]] = 1 / np.log2(at + 2)
    fits = fitting(history)[customers].tocoo()
    row, place = fits.row.astype(np.int64), fits.col.astype(np.int64)
    there = sets.members[place] >= 0
    values = worth[row[:, None], sets.members[place]]
    size = there.sum(axis=1)
    whole = ((values > 0) == there).all(axis=1)
    row, place, size, values = row[whole], place[whole], size[whole], values[whole]
    order = np.lexsort((place, -(values.sum(axis=1) / size).round(9), row))
    row, place, size, values = row[order], place[order], size[order], values[order]
    filled, taken = np.zeros(len(customers), dtype=np.int64), np.zeros(worth.shape, dtype=bool)
    number = 0
    while True:
        free = ~taken[row[:, None], sets.members[place]].any(axis=1) & (filled[row] + size <= length)
        row, place, size, values = row[free], place[free], size[free], values[free]
        if not len(row):
            return items, numbers, places
        number += 1
        owner, first = np.unique(row, return_index=True)
        by_worth = np.argsort(-values[first], axis=1, kind="stable")
        members = np.take_along_axis(sets.members[place[first]], by_worth, axis=1)
        at, which = np.nonzero(members >= 0)
        target = (owner[at], filled[owner][at] + which)
        items[target], numbers[target], places[target] = members[at, which], number, place[first][at]
        taken[owner[at], members[at, which]] = True
        filled[owner] += size[first]


def _mined(history: History, groups: Codes, group: int) -> list[Set]:
    """Mine the rules of the orders of a group's customers from whom models learn, best rule first."""
    baskets = history.baskets_of(history.learns & (groups == group))
    thresholds, total = history.purchases.thresholds, baskets.shape[0]
    needed = thresholds.needed(total)
    if not needed <= total:
        return []
    codes = np.flatnonzero(column_sums(baskets) >= needed)
    kept = baskets[:, codes].tocoo()
    held = held_by(kept.row, kept.col, total, len(codes))
    rules = rules_of(frequent_itemsets(held, needed, LARGEST)[0], total, thresholds)
    sides = [rules[side].map(lambda items: tuple(sorted(items))) for side in ("antecedents", "consequents")]
    ranked = rules.assign(antecedents=sides[0], consequents=sides[1])
    for metric in ("lift", "confidence", "support"):
        ranked[metric] = -ranked[metric].astype(float).round(9)
    ranked = ranked.sort_values(["lift", "confidence", "support", "antecedents", "consequents"])
    return [
        Set(group, rule, tuple(codes[list(before)].tolist()), tuple(codes[list(after)].tolist()))
        for rule, (before, after) in enumerate(
            ranked[["antecedents", "consequents"]].itertuples(index=False), start=1
        )
    ]
