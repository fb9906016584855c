"""Judges by its values what a column may mean, whatever its header says."""

from __future__ import annotations

from collections.abc import Callable

from palette.core.column_facts import ColumnFacts, number
from palette.core.header_words import Meaning

_Judge = Callable[[ColumnFacts], int]


def looks(facts: ColumnFacts, *kinds: str, share: float = 0.9) -> bool:
    """Tell whether most of the values look like one of some kinds."""
    return any(facts.kinds[kind] >= share for kind in kinds)


def is_moment(facts: ColumnFacts) -> bool:
    """Tell whether the values are days or times."""
    return (
        looks(facts, "timestamp")
        or looks(facts, "date")
        or facts.kinds["timestamp"] + facts.kinds["date"] >= 0.9
    )


def _is_plain_number(facts: ColumnFacts) -> bool:
    return looks(facts, "decimal") and not looks(facts, "date")


def identifier(facts: ColumnFacts) -> int:
    """Judge numbers and codes that identify: 1 they may, 0 they might, -1 they cannot."""
    fractions = facts.kinds["decimal"] - facts.kinds["integer"] - 0.1
    if (is_moment(facts) and not looks(facts, "integer")) or looks(facts, "time_of_day", "url"):
        return -1
    if fractions > 0 or ((facts.least or 0) < 0 and facts.kinds["integer"] > 0.5) or facts.mean_length > 80:
        return -1
    if facts.kinds["has_space"] > 0.5 and facts.kinds["has_digit"] < 0.5:
        return -1
    return int(
        facts.kinds["has_space"] < 0.5 and (facts.kinds["has_digit"] > 0.5 or looks(facts, "code", "email"))
    )


def _code(facts: ColumnFacts) -> int:
    """Judge codes of products and orders, which are no e-mail addresses."""
    return -1 if looks(facts, "email", share=0.5) else identifier(facts)


def _label(facts: ColumnFacts) -> int:
    if looks(facts, "decimal", "email", "url", "timestamp", "date", "time_of_day", share=0.7):
        return -1
    return 1


def _class(facts: ColumnFacts) -> int:
    if looks(facts, "email", "url", "timestamp", "time_of_day", share=0.7) or facts.mean_length > 100:
        return -1
    if looks(facts, "decimal"):
        return 0 if looks(facts, "integer") else -1
    return int(facts.distinct > 1)


def _place(facts: ColumnFacts) -> int:
    return -1 if facts.kinds["has_digit"] > 0.3 or looks(facts, "email", share=0.3) else 1


def _between(least: float, most: float, *, whole: bool = True) -> _Judge:
    def judge(facts: ColumnFacts) -> int:
        fits = looks(facts, "integer") if whole else _is_plain_number(facts)
        if not fits or facts.least is None or facts.most is None:
            return -1
        return 1 if least <= facts.least and facts.most <= most else -1

    return judge


def _rate(facts: ColumnFacts) -> int:
    if not _is_plain_number(facts):
        return -1
    return int(_between(-1, 1, whole=False)(facts) > 0 and not facts.kinds["percent"])


def _money(facts: ColumnFacts) -> int:
    return 1 if _is_plain_number(facts) and facts.kinds["percent"] < 0.1 else -1


def _money_off(facts: ColumnFacts) -> int:
    """Judge money taken off; few different shares of 1 are a rate, round numbers up to 100 may be one."""
    if not _is_plain_number(facts) or facts.kinds["percent"] > 0.1:
        return -1
    steps = {each * 20 for each in map(number, facts.sample) if each}
    if len(steps) > 1 and all(0 < step < 20 and abs(step - round(step)) < 1e-9 for step in steps):
        return -1
    return 0 if steps and all(0 < step <= 2_000 and step % 100 == 0 for step in steps) else 1


def _enumerated(kind: str, most: int, *, also: str | None = None) -> _Judge:
    def judge(facts: ColumnFacts) -> int:
        if looks(facts, kind) or (facts.kinds[kind] >= 0.5 and facts.distinct <= most):
            return 1
        near = facts.kinds[also] > 0 if also else kind == "channel"
        return 0 if near and facts.distinct <= most else -1

    return judge


# What a column's values have to be, by its kind, and where its meaning says more, by its name.
_BY_KIND: dict[str, _Judge] = {
    "text": _label,
    "identifier": _code,
    "timestamp": lambda facts: 1 if is_moment(facts) else -1,
    "date": lambda facts: 1 if is_moment(facts) else -1,
    "time_of_day": lambda facts: 1 if looks(facts, "time_of_day") else -1,
    "decimal": _between(-1e12, 1e12, whole=False),
    "integer": _between(-1e12, 1e12),
    "channel": _enumerated("channel", 15),
    "gender": _enumerated("gender", 6, also="title"),
    "flag": _enumerated("flag", 6, also="return"),
}
_BY_NAME: dict[str, _Judge] = {
    "customer_id": identifier,
    "ordered_at": lambda facts: 1 if is_moment(facts) and not looks(facts, "date") else -1,
    "ordered_on": lambda facts: 1 if looks(facts, "date") else -1,
    "line_number": _between(0, 1_000_000),
    "quantity": _between(-1e6, 1e6, whole=False),
    "unit_price": _money,
    "amount": _money,
    "discount": _money_off,
    "store": lambda facts: -1 if is_moment(facts) or looks(facts, "email", "url", "time_of_day") else 1,
    "country": _place,
    "city": _place,
    "currency": lambda facts: 1 if looks(facts, "currency") else -1,
    "super_category": _class,
    "category": _class,
    "subcategory": _class,
    "margin": _rate,
    "birth_year": _between(1900, 2100),
    "age": _between(0, 120),
    "age_band": lambda facts: 1 if facts.kinds["age_band"] >= 0.5 else 0 if looks(facts, "integer") else -1,
    "email": lambda facts: 1 if looks(facts, "email", share=0.8) else -1,
    "page_views": _between(0, 1e6),
    "seconds": _between(0, 1e7),
    "mean_temperature": _between(-80, 140, whole=False),
    "rainfall": _between(0, 2000, whole=False),
}


def judged(facts: ColumnFacts, meaning: Meaning) -> int:
    """Judge whether the values may have a meaning: 1 they look like it, 0 they might, -1 they cannot."""
    if not facts.filled:
        return 0
    return _BY_NAME.get(meaning.name, _BY_KIND[meaning.kind])(facts)
