"""Everything that is fitted, once: the moments, what the past lists were worth, and what makes today's.

Rolling time folds: everything is learned from purchases up to a moment, and judged on what customers bought
in the window that follows. A split of each customer's purchases at random would let the models see the
future, and is not used. A moment is fitted once, whoever needs it: the folds that are judged are windows
that later ones, and today's lists, learn from.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.core import threads
from palette.engine import Work
from palette.recommendations.bundles import in_sets
from palette.recommendations.codes import Codes, Vector, drawn
from palette.recommendations.history import History, segment_names
from palette.recommendations.hybrid import (
    CUSTOMERS,
    NAME,
    SPARED,
    SPARED_WINDOWS,
    WINDOWS,
    Candidates,
    Examples,
    Moment,
    Ranker,
    active,
    batches,
    examples,
    fit_moment,
    fit_ranker,
    joined,
    scores_of,
)
from palette.recommendations.lists import (
    Preferences,
    as_places,
    in_preferred_order,
    on_list,
    ranked,
    ruled_items,
)
from palette.recommendations.metrics import KS
from palette.recommendations.models import DEEP, EASE_ITEMS
from palette.recommendations.offers import OFFERS, Offer, meant_for
from palette.recommendations.purchases import Purchases
from palette.recommendations.rules import Rule, apply_rules, rules_for
from palette.recommendations.scores import Mask, best_allowed

Spread = Callable[[Work, Iterable[Codes]], Iterator[Any]]
JudgedLists = dict[tuple[str, str, str], "Judged"]  # by list, model and rule

DEPTH = max(KS)
NO_RULE = "none"
ALL_RULES = "all rules"
TRIED = "recommendation_trials"  # name of what is measured


@dataclass(frozen=True)
class Judged:
    """Lists of one model at one fold, a row a customer.

    Attributes
    ----------
    customer
        Codes.
    items
        Codes of the first ``DEPTH`` items, -1 after the last.
    hits, owned
        Whether each of them was bought in the window, and before it.
    relevant, repeated
        Number of items that were bought in the window and may be on the list, and how many of them the
        customer had bought before.
    """

    customer: Codes
    items: Codes
    hits: Mask
    owned: Mask
    relevant: Codes
    repeated: Codes


@dataclass
class Fold:
    """What one moment's lists are judged on.

    Attributes
    ----------
    number
        1 for the latest.
    segments
        RFM segment of each customer at the moment.
    categories, popularity
        Of each item: code of its super-category, and share of the customers who had bought it.
    catalogue
        Number of items that had been sold.
    lists
        By list, model and rule.
    """

    number: int
    segments: NDArray[np.object_]
    categories: Codes
    popularity: Vector
    catalogue: int
    lists: JudgedLists = field(default_factory=dict)

    @classmethod
    def at(cls, number: int, history: History, segments: pd.DataFrame) -> Self:
        """Describe a moment."""
        customers = max(np.isfinite(history.last_age).sum(), 1)
        return cls(
            number,
            segments_of(history, segments),
            history.categories[0],
            np.maximum(history.buyers, 1) / customers,
            int((history.buyers > 0).sum()),
        )

    def learned(self) -> dict[str, Any]:
        """Return the fold in a form that can be kept, see :mod:`palette.core.learned`."""
        names, codes = np.unique(self.segments.astype(str), return_inverse=True)
        kept = {name.name: getattr(self, name.name) for name in fields(self)}
        lists = [
            [*key, {name: _small(values) for name, values in vars(made).items()}]
            for key, made in self.lists.items()
        ]
        return kept | {"segments": codes.astype(np.int16), "names": names.tolist(), "lists": lists}

    @classmethod
    def of(cls, learned: dict[str, Any]) -> Self:
        """Read what :meth:`learned` returned."""
        kept = {name.name: learned[name.name] for name in fields(cls)}
        lists = {tuple(key): Judged(**_wide(values)) for *key, values in learned["lists"]}
        names = np.array(learned["names"], dtype=object)
        return cls(**kept | {"segments": names[learned["segments"]], "lists": lists})


def learn(
    known: Purchases,
    rules: Sequence[Rule],
    segments: pd.DataFrame,
    *,
    folds: int,
    days: int,
    length: int,
    seed: int,
    models: Sequence[str],
    spread: Spread = threads.spread,
) -> tuple[dict[str, Any], list[Fold]]:
    """Fit every moment of a retailer once, judge the past ones, and learn to make today's lists.

    Parameters
    ----------
    known
        All of the retailer's purchases.
    rules
        The retailer's, see :func:`palette.recommendations.rules.read_rules`.
    segments
        RFM segments: ``rfm_segment``, ``score_from``, ``score_to`` (of 100 R + 10 F + M).
    folds
        How many windows to judge on, the latest first; fewer where the purchases do not reach back far
        enough for a window of history and one to learn from before the fold.
    days
        Length of a window.
    length
        Most rows of a list.
    seed
        Seed of all that is drawn.
    models
        Names of the single models that take part.
    spread
        How past windows are looked at, batches of customers at a time, such as :func:`palette.engine.gather`.

    Returns
    -------
    dict, list of Fold
        What :meth:`Moment.of` and :meth:`Ranker.of` read, as ``models`` and ``ranker``, and the judged folds.
    """
    backs = [place * days for place in range(1, folds + 1)]
    judged = [back for back in backs if training_moments(known, back, days)]
    if backs and not judged:
        print(
            f"recommendations: {known.retailer}: {known.span:.0f} days of purchases are too few "
            "to learn and to judge"
        )
    needed = set(judged).union(*(training_moments(known, back, days) for back in (0, *judged)))
    windows: dict[int, Examples] = {}
    made: list[Fold] = []

    def ranker_of(back: int) -> Future[Ranker | None]:
        past = [windows[earlier] for earlier in training_moments(known, back, days)]
        return beside.submit(fit_ranker, past, seed=seed, most=SPARED if back else None)

    def taught(back: int) -> Examples:  # a function of its own: what was fitted is forgotten before the next
        ranker = ranker_of(back) if back in judged else None
        moment = fit_moment(known, back, seed=seed, models=models, judged=back in judged)
        asked = active(moment.history, days, seed=seed)
        teach = drawn(asked, CUSTOMERS, seed)
        print(
            f"recommendations: {known.retailer}: learning from {len(teach):,} customers "
            f"of the {days} days after {moment.history.moment:%Y-%m-%d}"
        )
        if ranker is None:
            looked = spread(Past(moment, days), batches(teach, moment.history.shape[1]))
            return joined(list(looked))
        fold = Fold.at(judged.index(back) + 1, moment.history, segments)
        made.append(fold)
        judge = Judge.of(moment, ranker.result, rules, days=days, length=length)
        parts = list(spread(judge, batches(asked, moment.history.shape[1])))
        fold.lists = _joined([lists for _, lists in parts])
        return joined([part for part, _ in parts]).of(teach)

    # A ranker is grown beside the fit of the moment that it is for.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(1) as beside:
        for back in sorted(needed, reverse=True):
            windows[back] = taught(back).thinned(seed=seed)
        ranker = ranker_of(0)
        moment = fit_moment(known, 0, seed=seed, models=models, judged=True)
    if "ease" in moment.models and moment.history.shape[1] > EASE_ITEMS:
        print(beyond_ease(known.retailer, moment.history.shape[1] - EASE_ITEMS))
    last = ranker.result()
    learned = {"models": moment.learned(), "ranker": {} if last is None else last.learned()}
    return learned, sorted(made, key=lambda fold: fold.number)


def beyond_ease(retailer: str, items: int) -> str:
    """Say how many items are too many for EASE."""
    return (
        f"recommendations: {retailer}: ease learns of the {EASE_ITEMS:,} items that most customers bought; "
        f"the other {items:,} are left out of it"
    )


def training_moments(purchases: Purchases, days_back: int, days: int) -> list[int]:
    """Return the earlier moments that a ranker for a moment learns from: windows that end by it.

    A moment needs a window's length of purchases before it. A ranker of the past, which is only judged,
    learns from fewer windows than today's.
    """
    count = SPARED_WINDOWS if days_back else WINDOWS
    backs = [days_back + place * days for place in range(1, count + 1)]
    return [back for back in backs if purchases.span - back >= days]


@dataclass(frozen=True)
class Past:
    """What became of the candidates of a past moment, in a window of so many days."""

    moment: Moment
    days: int

    def __call__(self, customers: Codes) -> Examples:
        """Look at some customers."""
        return examples(self.moment, customers, self.days)[1]

    def part(self, customers: Codes) -> Self:
        """Return the past of some customers, as :meth:`Known.part` does."""
        return replace(self, moment=self.moment.part(customers, self.days))


@dataclass(frozen=True)
class Judge:
    """The making and judging of a past moment's lists.

    Attributes
    ----------
    moment
        The past moment.
    ranker
        Returns the ranker of earlier windows, waiting for it if need be.
    rules
        The retailer's.
    items, preferences
        What the rules look at, and what groups of customers preferred then.
    days, length
        Length of the window and of a list.
    """

    moment: Moment
    ranker: Callable[[], Ranker | None]
    rules: Sequence[Rule]
    items: pd.DataFrame
    preferences: Preferences
    days: int
    length: int

    @classmethod
    def of(
        cls,
        moment: Moment,
        ranker: Callable[[], Ranker | None],
        rules: Sequence[Rule],
        *,
        days: int,
        length: int,
    ) -> Self:
        """Judge a moment by what was known then."""
        items, preferences = ruled_items(moment.history), Preferences.at(moment)
        return cls(moment, ranker, rules, items, preferences, days, length)

    def __call__(self, customers: Codes) -> tuple[Examples, JudgedLists]:
        """Judge the lists of some customers; returns what became of their candidates as well."""
        chosen, part = examples(self.moment, customers, self.days)
        score, _ = scores_of(self.ranker(), self.moment, chosen, part.features)
        bought = self.moment.history.window(self.days)[customers].toarray() > 0
        given = self.rules, self.items, self.preferences
        return part, dict(
            _lists(self.moment, chosen, score, bought, *given, days=self.days, length=self.length)
        )

    def part(self, customers: Codes) -> Self:
        """Return the judge of some customers, as :meth:`Known.part` does."""
        moment = self.moment.part(customers, self.days)
        preferences = self.preferences.part(customers)
        return replace(self, moment=moment, ranker=partial(_itself, self.ranker()), preferences=preferences)


def _itself(ranker: Ranker | None) -> Ranker | None:
    return ranker


def _joined(parts: Sequence[JudgedLists]) -> JudgedLists:
    """Put the lists of batches of customers together."""
    found: dict[tuple[str, str, str], list[Judged]] = defaultdict(list)
    for part in parts:
        for key, judged in part.items():
            found[key].append(judged)
    return {key: _together(batch) for key, batch in found.items()}


def _lists(
    moment: Moment,
    chosen: Candidates,
    score: Vector,
    bought: Mask,
    rules: Sequence[Rule],
    items: pd.DataFrame,
    preferences: Preferences,
    *,
    days: int,
    length: int,
) -> Iterator[tuple[tuple[str, str, str], Judged]]:
    """Make and judge the lists of some customers, by every model, and by the hybrid under every rule."""
    history = moment.history
    owned = history.bought[chosen.customers].toarray() > 0
    everything = ranked(moment, chosen, score)
    for offer in OFFERS:
        allowed = offer.allowed(history, chosen.customers, chosen.scores, days)
        rows = np.flatnonzero(meant_for(history, offer)[chosen.customers] & (bought & allowed).any(axis=1))
        if not len(rows):
            continue
        shown = partial(_shown, offer, history, chosen.customers[rows], preferences, length)
        depth = DEEP if offer.as_sets else DEPTH
        customers = history.purchases.code_of(chosen.customers[rows])
        judged = partial(_judged, customers, bought[rows] & allowed[rows], owned[rows])
        for name, scores in chosen.scores.items():
            best, _ = best_allowed(scores, allowed[rows], depth, rows)
            yield (offer.name, name, NO_RULE), judged(shown(best))
        offered = on_list(offer, history, everything, allowed)
        for label, variant in _variants(rules_for(rules, history.purchases.retailer, offer.name)):
            kept = apply_rules(offered, items, variant, length=depth)
            best = as_places(kept, chosen.customers[rows], depth)
            yield (offer.name, NAME, label), judged(shown(best))


def _shown(
    offer: Offer, history: History, customers: Codes, preferences: Preferences, length: int, best: Codes
) -> Codes:
    """Return lists as they are shown: in order of preference or in sets, if the list is."""
    if offer.as_sets:
        return in_sets(history, customers, best, DEPTH)[0]
    if offer.by_preference:
        return in_preferred_order(best, preferences.ranks(customers), length)
    return best


def _judged(customers: Codes, relevant: Mask, owned: Mask, best: Codes) -> Judged:
    """Compare lists with what was relevant and owned, customers x items."""
    found, codes = best >= 0, np.maximum(best, 0)
    return Judged(
        customers,
        best,
        np.take_along_axis(relevant, codes, axis=1) & found,
        np.take_along_axis(owned, codes, axis=1) & found,
        relevant.sum(axis=1),
        (relevant & owned).sum(axis=1),
    )


def _variants(rules: Sequence[Rule]) -> Iterator[tuple[str, Sequence[Rule]]]:
    """Name what to judge the hybrid under: no rule, each rule alone, and all of several together."""
    yield NO_RULE, []
    for rule in rules:
        value = f"{rule.value:g}" if isinstance(rule.value, float) else rule.value
        yield f"{rule.rule}: {value}", [rule]
    if len(rules) > 1:
        yield ALL_RULES, rules


def _together(parts: Sequence[Judged]) -> Judged:
    return Judged(*(np.concatenate([getattr(part, name.name) for part in parts]) for name in fields(Judged)))


def _small(values: NDArray[Any]) -> NDArray[Any]:
    """Make whole numbers half as wide."""
    return values.astype(np.int32) if values.dtype.kind == "i" else values


def _wide(values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {
        name: value.astype(np.int64) if value.dtype.kind == "i" else value for name, value in values.items()
    }


def segments_of(history: History, segments: pd.DataFrame) -> NDArray[np.object_]:
    """Return the RFM segment of each customer at the moment, ``none`` where no range holds the score."""
    return segment_names(history.rfm_score, segments)
