"""Business rules of the lists: what each leaves out or favours, whatever the model scores it.

Source: docs/methods.md, "Recommendations", for the two rules against boring lists (leave out the most popular
items and what was bought lately); the others are this project's. The rules of each retailer and list are rows
of ``seeds/recommendations/recommendation_rules.csv``.
"""

import csv
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from palette.core.catalogue import list_names
from palette.core.errors import ExpectedError, near

FILE = "recommendation_rules.csv"
COLUMNS = ("retailer", "list_name", "rule", "value")
PRESET = "preset"  # what the seed has instead of the retailer

MOST_POPULAR = "leave_out_most_popular_percent"
BOUGHT_LATELY = "leave_out_bought_within_days"
NEVER_CATEGORY = "never_category"
NEVER_PRODUCT = "never_product"
PER_CATEGORY = "at_most_per_category"
LEAST = {"least_stock": "stock", "least_margin": "margin"}  # rule -> column of the items
FAVOUR_MARGIN = "favour_margin"
FACTS = LEAST | {FAVOUR_MARGIN: "margin"}

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")


class _Kind(NamedTuple):
    """What the value of a rule has to be; without `fits` it is text."""

    needed: str
    fits: Callable[[float], bool] | None = None


RULES = {
    MOST_POPULAR: _Kind("a percentage above 0 and up to 100", lambda value: 0 < value <= 100),
    BOUGHT_LATELY: _Kind(
        "a whole number of days, 1 or more", lambda value: value >= 1 and value.is_integer()
    ),
    NEVER_CATEGORY: _Kind("the name of a category"),
    NEVER_PRODUCT: _Kind("a product id"),
    PER_CATEGORY: _Kind(
        "a whole number of items, 1 or more", lambda value: value >= 1 and value.is_integer()
    ),
    "least_stock": _Kind("a number of units, 0 or more", lambda value: 0 <= value < math.inf),
    "least_margin": _Kind("a share of the price, -1 to 1", lambda value: -1 <= value <= 1),
    FAVOUR_MARGIN: _Kind("a weight above 0 and up to 1", lambda value: 0 < value <= 1),
}


class RuleError(ExpectedError):
    """A file of rules, or a row of it, that the project cannot use."""


@dataclass(frozen=True)
class Rule:
    """One row of the rules.

    Attributes
    ----------
    retailer, list_name
        Which list it is for.
    rule
        Name of the rule, one of ``RULES``.
    value
        Text for ``never_category`` and ``never_product``, a number for the others.
    """

    retailer: str
    list_name: str
    rule: str
    value: float | str


def check_rules_file(path: Path, *, shop: str | None = None) -> list[Rule]:
    """Read and validate a file of rules.

    Parameters
    ----------
    path
        The seed ``recommendation_rules.csv``, whose column ``preset`` stands for the retailer, or a shop's
        own file of that name.
    shop
        Whose own file it is; then it has no such column.

    Raises
    ------
    RuleError
        The file is missing, unreadable or has other columns; or as for :func:`read_rules`, for a row with
        more or fewer values than columns too.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            lines = [(reader.line_num, fields) for fields in reader if fields]
    except FileNotFoundError:
        raise RuleError(f"{path}: file not found") from None
    except UnicodeDecodeError:
        raise RuleError(f"{path}: not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise RuleError(f"{path}: line {reader.line_num}: {error}") from error
    except OSError as error:
        raise RuleError(f"{path}: cannot be read: {error.strerror}") from error
    header = lines[0][1] if lines else []
    columns = COLUMNS[1:] if shop else (PRESET, *COLUMNS[1:])
    if sorted(header) != sorted(columns):
        found = ", ".join(header) or "none"
        raise RuleError(f"{path}: the columns have to be {', '.join(columns)} (columns found: {found})")
    names = [COLUMNS[0] if name == PRESET else name for name in header]
    return _read(str(path), names, lines[1:], PRESET, shop=shop)


def read_rules(frame: pd.DataFrame) -> list[Rule]:
    """Validate rules and parse their values.

    Parameters
    ----------
    frame
        The seed's rows in the order of its file: ``retailer``, ``list_name``, ``rule`` and ``value`` as text.

    Returns
    -------
    list of Rule
        In the order given; a row that is there twice counts once.

    Raises
    ------
    RuleError
        Names line and column of each problem and what is allowed: a list or rule that does not exist, a value
        that is missing or not what its rule needs, or a rule that a list has twice with different values.
    """
    rows = frame[list(COLUMNS)].astype(object).where(frame[list(COLUMNS)].notna(), "")
    lines = [(line, [str(field) for field in row]) for line, row in enumerate(rows.to_numpy().tolist(), 2)]
    return _read(FILE, COLUMNS, lines)


def rules_for(rules: Iterable[Rule], retailer: str, list_name: str) -> list[Rule]:
    """Return the rules of one list of a retailer."""
    return [rule for rule in rules if (rule.retailer, rule.list_name) == (retailer, list_name)]


def apply_rules(
    ranked: pd.DataFrame, items: pd.DataFrame, rules: Sequence[Rule], *, length: int
) -> pd.DataFrame:
    """Leave out of ranked candidates what the rules of a list object to, and cut the rest to its length.

    Parameters
    ----------
    ranked
        One row a customer and candidate, sorted by customer and best first: ``customer``, ``item`` (its
        position in `items`) and ``days_since_bought`` (NaN: never); more columns are kept.
    items
        One row an item: ``product_ids`` (list of its product ids), ``category``, ``buyers`` (number of
        customers who bought it), ``stock`` and ``margin`` (NaN: not known).
    rules
        Of one list, see :func:`rules_for`.
    length
        Most rows of a customer.

    Returns
    -------
    pandas.DataFrame
        The rows that are left, in their order, numbered anew. ``leave_out_most_popular_percent`` is of the
        items that anybody bought, rounded up; of equally popular ones the first in `items` go first.
        ``leave_out_bought_within_days`` includes the n-th day. An item with several products is left out for
        any of them that ``never_product`` names. ``favour_margin`` orders what is left: with weight w an item
        of margin m counts as if it stood at (1 - w m) of its place; one of unknown margin keeps it.
        ``at_most_per_category`` counts what all other rules left, and does not limit items without a
        category.
    """
    kept = _offered(items, rules)[ranked["item"].to_numpy(dtype=np.int64)]
    days_since = ranked["days_since_bought"].to_numpy(dtype=np.float64, na_value=np.nan)
    for days in _numbers(rules, BOUGHT_LATELY):
        kept &= ~(days_since <= days)
    left = ranked[kept]
    for weight in _numbers(rules, FAVOUR_MARGIN):
        margin = items["margin"].fillna(0).to_numpy(dtype=np.float64)[left["item"].to_numpy(dtype=np.int64)]
        place = left.groupby("customer", sort=False).cumcount().to_numpy() + 1
        left = left.iloc[np.lexsort((place * (1 - weight * margin), left["customer"].to_numpy()))]
    for most in _numbers(rules, PER_CATEGORY):
        categories = pd.factorize(items["category"])[0][left["item"].to_numpy(dtype=np.int64)]
        place = left.groupby(["customer", categories], sort=False).cumcount().to_numpy()
        left = left[(place < most) | (categories < 0)]
    rows: pd.DataFrame = left.groupby("customer", sort=False).head(length).reset_index(drop=True)
    return rows


def unmatched(rules: Iterable[Rule], items: pd.DataFrame) -> list[str]:
    """Tell which rules do nothing because no item has what they ask for.

    Parameters
    ----------
    rules
        Of the retailer whose items these are.
    items
        As for :func:`apply_rules`.

    Returns
    -------
    list of str
        A sentence for each such rule, in their order: a category or product that no item has, or a least
        stock or margin where none is known.
    """
    categories = set(items["category"].dropna())
    products = set(chain.from_iterable(items["product_ids"]))
    sentences = []
    for rule in rules:
        name = rule.rule
        if name == NEVER_CATEGORY and rule.value not in categories:
            name += f" '{rule.value}'"
            reason = "no item has this category" + near(str(rule.value), categories)
        elif name == NEVER_PRODUCT and rule.value not in products:
            name += f" '{rule.value}'"
            reason = "no item has this product"
        elif name in FACTS and items[FACTS[name]].isna().all():
            reason = f"no item's {FACTS[name]} is known, see seeds/core/product_facts.csv"
        else:
            continue
        sentences.append(f"{rule.retailer}, list {rule.list_name}: {name} does nothing: {reason}")
    return sentences


def _read(
    label: str,
    columns: Sequence[str],
    lines: Iterable[tuple[int, list[str]]],
    owner: str = COLUMNS[0],
    shop: str | None = None,
) -> list[Rule]:
    problems: list[str] = []
    earlier: dict[tuple[str, str, str], tuple[int, Rule]] = {}
    rules: dict[Rule, None] = {}
    for line, fields in lines:
        if len(fields) != len(columns):
            problems.append(
                f"line {line}: {len(fields)} values instead of {len(columns)} "
                "(a value with a comma goes between double quotes)"
            )
            continue
        row = dict(zip(columns, fields, strict=True))
        if shop:
            row[COLUMNS[0]] = shop
        found = list(_problems(row, owner))
        problems += [f"line {line}, {problem}" for problem in found]
        value = None if found else _value(row["rule"], row["value"])
        if value is None:
            continue
        rule = Rule(row["retailer"], row["list_name"], row["rule"], value)
        if RULES[rule.rule].fits:
            first_line, first = earlier.setdefault((rule.retailer, rule.list_name, rule.rule), (line, rule))
            if first.value != rule.value:
                problems.append(
                    f"line {line}, column value: {rule.rule} of {rule.retailer}'s list {rule.list_name} has "
                    f"another value in line {first_line}; only one is allowed"
                )
        rules[rule] = None
    if problems:
        raise RuleError(f"{label}: {'; '.join(problems)}")
    return list(rules)


def _problems(row: dict[str, str], owner: str) -> Iterator[str]:
    columns: dict[str, Collection[str] | None] = {owner: None, "list_name": list_names(), "rule": RULES}
    for (column, names), key in zip(columns.items(), COLUMNS, strict=False):
        name = row[key]
        allowed = f" (allowed: {', '.join(names)})" if names is not None else ""
        if not name.strip():
            yield f"column {column}: the value is empty{allowed}"
        elif names is not None and name not in names:
            what = column.removesuffix("_name")
            yield f"column {column}: unknown {what} '{name}'{near(name, names)}{allowed}"
    kind = RULES.get(row["rule"])
    if not row["value"].strip():
        yield "column value: the value is empty" + (f" ({row['rule']} needs {kind.needed})" if kind else "")
    elif kind and _value(row["rule"], row["value"]) is None:
        yield f"column value: '{row['value']}' is not {kind.needed} ({row['rule']})"


def _value(rule: str, text: str) -> float | str | None:
    """Parse the value of a rule; None where it is not what the rule needs."""
    fits = RULES[rule].fits
    if fits is None:
        return text
    number = float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
    return number if fits(number) else None


def _numbers(rules: Iterable[Rule], name: str) -> list[float]:
    return [rule.value for rule in rules if rule.rule == name and isinstance(rule.value, float)]


def _texts(rules: Iterable[Rule], name: str) -> set[str]:
    return {rule.value for rule in rules if rule.rule == name and isinstance(rule.value, str)}


def _offered(items: pd.DataFrame, rules: Sequence[Rule]) -> NDArray[np.bool_]:
    """Tell for each item whether the rules that look at items alone let it be offered to anybody."""
    offered = ~items["category"].isin(_texts(rules, NEVER_CATEGORY)).to_numpy(dtype=np.bool_)
    if never := _texts(rules, NEVER_PRODUCT):
        offered &= np.fromiter((never.isdisjoint(ids) for ids in items["product_ids"]), np.bool_, len(items))
    for name, column in LEAST.items():
        for least in _numbers(rules, name):
            offered &= ~(items[column].to_numpy(dtype=np.float64, na_value=np.nan) < least)
    buyers = items["buyers"].to_numpy(dtype=np.int64)
    for percent in _numbers(rules, MOST_POPULAR):
        # As written: of floats, 7 % of 100 items would be a little more than 7, rounded up to 8.
        share = Fraction(str(percent)) / 100
        most = math.ceil(share * int((buyers > 0).sum()))
        offered[np.argsort(-buyers, kind="stable")[:most]] = False
    return offered
