"""The lists: who gets each, and what may be on it.

- ``discover``: what the customer has not bought.
- ``again``: what they are due to rebuy, with the expected date.
- ``next``: what they most likely buy in the next window, whatever it is.
- ``online_offers``: what sells online, for customers who only buy offline (SPEC of System A, section 9), the
  ten best in the order that their palette group prefers.
- ``push``: what goes with the purchases of the last day, and with the customer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from palette.recommendations.history import Codes, History
from palette.recommendations.scores import Mask, Scores


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
        How many candidates each component names for it. What a customer bought needs no naming.
    needs
        Name of a component that has to know something of an item, if any.
    by_preference
        Whether the best are shown in the order that the customer's palette group prefers.
    """

    name: str
    customers: Callable[[History], Mask]
    items: Callable[[History, Codes, int], Mask]
    named: int = 0
    needs: str | None = None
    by_preference: bool = False

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
            row, at = np.nonzero(items >= 0)
            known[row, items[row, at]] = True
        return allowed & known


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
    Offer("discover", _buyers, _unbought, named=40),
    Offer("again", _buyers, _due),
    Offer("next", _buyers, _sold, named=15),
    Offer("online_offers", _offline_only, _sold_online, named=15, by_preference=True),
    Offer("push", _bought_today, _not_today, needs="goes_with"),
)
