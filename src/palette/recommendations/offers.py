"""The lists: who gets each, and what may be on it.

- ``discover``: what the customer has not bought.
- ``again``: what they are due to rebuy, with the expected date.
- ``next``: what they most likely buy in the next window, whatever it is.
- ``online_offers``: what sells online, for customers who only buy offline (docs/methods.md),
  the ten best in the order that their palette group prefers.
- ``push``: what goes with the purchases of the last day, and with the customer.

And those that strategies of the study on Online Retail name; the seed ``strategy_lists`` says whose:

- ``bundle``: sets of what customers alike order together, that begin with what the customer bought.
- ``season``: what sold more in the window that comes, a year ago, than in the mean window since.
- ``premium``: the dearer things of the categories that the customer buys, which they have not bought.
- ``win_back``: what the customer bought and is still sold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from palette.recommendations.bundles import fitting, sets_of
from palette.recommendations.codes import Codes, Vector
from palette.recommendations.history import History
from palette.recommendations.known import once, once_of_all
from palette.recommendations.scores import Mask, Scores, places

YEAR = 365  # days
SEASON_DAYS = 395  # of purchases, 13 months, before anything is called of the season
SEASON_LIFT = 1.5  # times what the mean window sells
SEASON_ORDERS = 10  # at least, in the window a year ago
DEARER = 2 / 3  # quantile of a category's prices above which an item is one of the dearer
PRICED = 3  # items at least of a category that has dearer ones

Facts = dict[str, NDArray[np.number]]


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
    named
        How many candidates each component names for it. What a customer bought needs no naming, nor what is
        named for other lists; all items of sets are candidates.
    needs
        Name of a component that has to know something of an item, if any.
    by_preference
        Whether the best are shown in the order that the customer's palette group prefers.
    as_sets
        Whether the best are shown in sets (:func:`palette.recommendations.bundles.in_sets`).
    rests_on
        What every row of it rests on, where that is no matter of who ranked it.
    tells
        Says of a history, and of customers and items (codes, a row each), with a window of so many days in
        mind, the figures of ``rests_on``; those of sets are told as they are made.
    """

    name: str
    customers: Callable[[History], Mask]
    items: Callable[[History, Codes, int], Mask]
    named: int = 0
    needs: str | None = None
    by_preference: bool = False
    as_sets: bool = False
    rests_on: str | None = None
    tells: Callable[[History, Codes, Codes, int], Facts] = lambda *_: {}

    def allowed(self, history: History, customers: Codes, scores: Mapping[str, Scores], days: int) -> Mask:
        """Tell what may be on the list of some customers of a history, customers x items.

        Nothing is on it where the component that has to know of an item was not fitted.
        """
        allowed = self.items(history, customers, days)
        if self.needs is None:
            return allowed
        known = np.zeros_like(allowed)
        if self.needs in scores:
            items = scores[self.needs].leading(history.shape[1])[0]
            row, at = places(items >= 0)
            known[row, items[row, at]] = True
        return allowed & known


@once
def meant_for(history: History, offer: Offer) -> Mask:
    """Tell which customers of a history get a list."""
    return offer.customers(history)


def ask_of_all(history: History, days: int) -> None:
    """Ask what lists rest on of everybody, before parts of a history are made."""
    has_seasons(history)
    season(history, days)
    prices(history)
    sets_of(history)


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
    place, item = places(bought)
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


def _meant(name: str) -> Callable[[History], Mask]:
    """Say who is in the RFM segments that a list is meant for."""

    def customers(history: History) -> Mask:
        found = np.zeros(history.shape[0], dtype=bool)
        for low, high in history.purchases.audiences.get(name, ()):
            found |= (history.rfm_score >= low) & (history.rfm_score <= high)
        return found & _buyers(history)

    return customers


def _still_sold(history: History, customers: Codes, days: int) -> Mask:
    return _bought(history, customers) & (history.last_sold < days)


@once
def with_sets(history: History) -> Mask:
    """Tell which customers bought all that some set begins with."""
    return np.asarray(np.diff(fitting(history).indptr) > 0)


def _of_sets(history: History, customers: Codes, _: int) -> Mask:
    fits, members = fitting(history)[customers].tocoo(), sets_of(history).members
    allowed = np.zeros((len(customers), history.shape[1] + 1), dtype=bool)  # the last column is of no item
    allowed[fits.row[:, None], members[fits.col]] = True
    return allowed[:, :-1]


@once_of_all
def prices(history: History) -> tuple[Mask, Vector]:
    """Tell of each item whether it is one of the dearer of its super-category, and the middle price there."""
    codes, _ = history.categories
    by_category = pd.Series(history.price).groupby(codes)
    border, middle = by_category.transform("quantile", DEARER), by_category.transform("median")
    dearer = (border < history.price) & (by_category.transform("count") >= PRICED)
    return dearer.to_numpy(), middle.to_numpy(dtype=np.float64)


def _dearer(history: History, customers: Codes, days: int) -> Mask:
    bought = history.category_share[customers] > 0
    codes, _ = history.categories
    return np.asarray(_unbought(history, customers, days) & prices(history)[0] & bought[:, codes])


def _prices(history: History, _: Codes, item: Codes, __: int) -> Facts:
    return {"price": history.price[item].round(2), "middle_price": prices(history)[1][item].round(2)}


@once_of_all
def has_seasons(history: History) -> bool:
    """Tell whether the purchases reach back far enough to know a season by the last year's."""
    return bool(len(history.lines)) and float(history.lines["age"].max()) >= SEASON_DAYS


def _in_a_year(history: History) -> Mask:
    return _buyers(history) & has_seasons(history)


@once_of_all
def season(history: History, days: int) -> tuple[Vector, Vector]:
    """Count the orders with each item in the window that began a year ago, and in the mean one since."""
    age, item = history.lines["age"].to_numpy(), history.lines["item"].to_numpy()
    within = [(age < YEAR) & (age >= YEAR - days), age < YEAR]
    then, since = (np.bincount(item[lines], minlength=history.shape[1]).astype(float) for lines in within)
    return then, since * days / YEAR


def _of_the_season(history: History, customers: Codes, days: int) -> Mask:
    then, mean = season(history, days)
    now = has_seasons(history) & (then >= SEASON_ORDERS) & (then >= SEASON_LIFT * mean)
    return np.broadcast_to(now, (len(customers), history.shape[1]))


def _season(history: History, _: Codes, item: Codes, days: int) -> Facts:
    then, mean = season(history, days)
    return {"season_orders": then[item], "season_lift": (then[item] / mean[item]).round(2)}


OFFERS = (
    Offer("discover", _buyers, _unbought, named=40),
    Offer("again", _buyers, _due),
    Offer("next", _buyers, _sold, named=15),
    Offer("online_offers", _offline_only, _sold_online, named=15, by_preference=True),
    Offer("push", _bought_today, _not_today, needs="goes_with"),
    Offer("bundle", with_sets, _of_sets, as_sets=True, rests_on="rule"),
    Offer("season", _in_a_year, _of_the_season, named=15, rests_on="season", tells=_season),
    Offer("premium", _meant("premium"), _dearer, rests_on="dearer", tells=_prices),
    Offer("win_back", _meant("win_back"), _still_sold),
)
