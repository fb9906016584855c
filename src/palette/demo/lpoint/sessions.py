"""What the demo retailer's clients do online: sessions around orders, visits without one, their hits."""

import numpy as np

from palette.demo.drawing import Columns, Ints, Rng, choose, draw_rows, number_within
from palette.demo.lpoint.clients import Habits, People
from palette.demo.lpoint.shop import Shop, of_units
from palette.demo.lpoint.times import MINUTES, draw_days, draw_minutes

SEARCH, CHECKOUT, PURCHASE = 0, 5, 6
STAGES = ("before", "checkout", "purchase", "after")
MOST_HITS = 300  # of a visit


def draw_sessions(
    shop: Shop, some: People, habits: Habits, orders: Columns, lines: Columns, rng: Rng
) -> Columns:
    """Sessions of a chunk by client and time: one for every online order, and visits without one.

    Columns are who, order (-1 for a visit), unit, day, start (minute), the hits before, for and after the
    checkout (before, checkout, purchase, after), sess_id, gap (seconds), source and device.
    """
    bought = np.flatnonzero(orders["is_online"])
    per_order = np.bincount(lines["order"], minlength=len(orders["who"]))[bought]
    visitor = np.repeat(np.arange(len(some)), habits.visits)
    who = np.concatenate([orders["who"][bought], visitor])
    unit, day, start = _visits(shop, some, habits, visitor, rng)
    is_single = rng.random(len(visitor)) < habits.single[visitor]
    length = (habits.depth[who] * rng.standard_exponential(len(who))).astype(np.int64).clip(0, MOST_HITS)
    zeros = np.zeros(len(visitor), dtype=np.int64)
    checkout = 1 + rng.poisson(shop.spec["checkout_hits"] * habits.depth[orders["who"][bought]])
    sessions = {
        "who": who,
        "order": np.concatenate([bought, zeros - 1]),
        "unit": np.concatenate([orders["unit"][bought], unit]),
        "day": np.concatenate([orders["day"][bought], day]),
        "start": np.concatenate([orders["minute"][bought], start]),
        "before": np.concatenate(
            [2 + length[: len(bought)] // 2, np.where(is_single, 1, 2 + length[len(bought) :])]
        ),
        "checkout": np.concatenate([checkout, zeros]),
        "purchase": np.concatenate([per_order, zeros]),
        "after": np.concatenate([rng.poisson(0.6, len(bought)), zeros]),
    }
    in_time = np.lexsort([sessions[name] for name in ("order", "start", "day", "who")])
    sessions = {name: values[in_time] for name, values in sessions.items()}
    sources = [
        [row.get(source, 0) for source in traffic_sources(shop)] for row in shop.spec["sources"].values()
    ]
    return {
        **sessions,
        "sess_id": number_within(sessions["who"]),
        "gap": shop.spec["seconds_between_hits"] * rng.lognormal(0, 0.3, len(who)),
        "source": draw_rows(np.array(sources, dtype=np.float64), sessions["unit"], rng),
        "device": choose(list(shop.spec["devices"].values()), len(who), rng),
    }


def traffic_sources(shop: Shop) -> list[str]:
    """Name the sources that traffic comes from."""
    return sorted({source for row in shop.spec["sources"].values() for source in row})


def _visits(shop: Shop, some: People, habits: Habits, visitor: Ints, rng: Rng) -> tuple[Ints, Ints, Ints]:
    """Draw unit, day and minute of the sessions that lead to no order."""
    unit = choose(of_units(shop, "visits"), len(visitor), rng)
    day = draw_days(shop.spec, rng.random(len(visitor)) < habits.weekend[visitor], some.drift[visitor], rng)
    return unit, day, draw_minutes(shop, unit, rng)


def draw_hits(shop: Shop, sessions: Columns, rng: Rng) -> Columns:
    """Hits of all sessions: session (row), seq (from 1), action, milliseconds since the session's start."""
    stages = np.stack([sessions[name] for name in STAGES])
    number = stages.sum(axis=0)
    session = np.repeat(np.arange(len(number)), number)
    seq = number_within(session)
    stage = np.repeat(np.tile(np.arange(len(STAGES)), len(number)), stages.T.ravel())
    drawn = choose(list(shop.spec["actions"].values()), len(session), rng)
    action = np.select([stage == 1, stage == 2], [CHECKOUT, PURCHASE], drawn)

    at_once = (seq == 1) | ((action == PURCHASE) & (np.r_[0, action[:-1]] == PURCHASE))
    gap = np.where(at_once, 0.0, sessions["gap"][session] * rng.standard_exponential(len(session)))
    passed = np.cumsum(gap)
    passed -= passed[np.cumsum(number) - number][session]
    longest = passed[np.cumsum(number) - 1]
    until_midnight = (MINUTES - sessions["start"]) * 60.0 - 1
    squeeze = np.minimum(1.0, until_midnight / np.maximum(longest, 1.0))
    return {
        "session": session,
        "seq": seq,
        "action": action,
        "passed": (passed * squeeze[session] * 1000).astype(np.int64),
    }


def set_order_times(orders: Columns, sessions: Columns, hits: Columns) -> None:
    """Make an online order's minute that of its purchase hits."""
    is_purchase = hits["action"] == PURCHASE
    session = hits["session"][is_purchase]
    minute = sessions["start"][session] + hits["passed"][is_purchase] // 60_000
    orders["minute"][sessions["order"][session]] = minute


def draw_totals(shop: Shop, sessions: Columns, hits: Columns, rng: Rng) -> Columns:
    """Page views and seconds of each session; seconds are 0 where they are missing, the device -1."""
    number = np.bincount(hits["session"], minlength=len(sessions["who"]))
    low, high = shop.spec["page_views"]
    views = np.ceil(number * rng.uniform(low, high, len(number))).astype(np.int64)
    longest = np.zeros(len(number), dtype=np.int64)
    np.maximum.at(longest, hits["session"], hits["passed"])
    seconds = longest // 1000 + 1 + rng.integers(0, 30, len(number))
    missing = shop.spec["dirt"]["missing_session_time"]
    is_missing = rng.random(len(number)) < np.where(number == 1, missing["single"], missing["longer"])
    no_device = rng.random(len(number)) < shop.spec["dirt"]["missing_device"]
    return {
        "views": views,
        "seconds": np.where(is_missing, 0, seconds),
        "device": np.where(no_device, -1, sessions["device"]),
    }
