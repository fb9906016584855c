"""What the report says, in English and Korean: texts, names, and numbers with their unit."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import yaml
from babel import Locale
from babel.dates import format_date, get_day_names
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from palette.core.catalogue import titles

COUNTED = re.compile(r"\{(\w+)\|([^|{}]+)\|([^|{}]+)\}")  # {orders|order|orders}: 1 order, 2 orders
LOCALES = {"en": "en_GB", "ko": "ko_KR"}


@cache
def texts() -> dict[str, dict[str, str]]:
    """Return every text by its dotted key, then by language; lists and models are named in seed tables."""
    source = resources.files("palette.report").joinpath("words.yml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {}

    def collect(branch: dict[str, Any], path: tuple[str, ...]) -> None:
        for name, part in branch.items():
            if set(part) == set(LOCALES):
                found[".".join([*path, name])] = part
            else:
                collect(part, (*path, name))

    collect(yaml.safe_load(source), ())
    return found | titles()


@dataclass(frozen=True)
class Words:
    """One language's texts, names and numbers, for one retailer.

    Attributes
    ----------
    language
        A key of ``LOCALES``.
    currency
        ISO 4217 code of the retailer's money, which decides the decimals: KRW has none, GBP two.
    names
        What a name that the marts hold in English is called in this language: segments, clusters, groups.
    """

    language: str
    currency: str
    names: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, **values: object) -> str:
        """Return a text, its placeholders filled.

        Raises
        ------
        KeyError
            There is no such text, or a value for one of its placeholders is missing.
        """
        # Shops type names with spaces at their ends.
        filled = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}

        def counted(found: re.Match[str]) -> str:
            name, one, many = found.groups()
            return f"{{{name}}} {one if filled[name] == '1' else many}"

        return COUNTED.sub(counted, texts()[key][self.language]).format(**filled)

    def term(self, kind: str, value: str) -> str:
        """Return what a technical value is called (``feature.recency_days``), or the value itself."""
        found = texts().get(f"{kind}.{value}")
        return found[self.language] if found else value

    def name(self, value: str) -> str:
        """Return the name of a segment, cluster or group in this language."""
        return self.names.get(value, value)

    @property
    def locale(self) -> str:
        """Babel's name of the language."""
        return LOCALES[self.language]

    @property
    def money_format(self) -> str:
        """D3's format of the retailer's money, without its sign."""
        return f",.{get_currency_precision(self.currency)}f"

    def money(self, amount: float) -> str:
        """Write an amount with its currency's sign and decimals."""
        return str(format_currency(amount, self.currency, locale=self.locale))

    def short_money(self, amount: float) -> str:
        """Write an amount in a few characters when it is a large one: £8.9M, ₩17.3억."""
        if abs(amount) < 1000:
            return self.money(amount)
        return str(format_compact_currency(amount, self.currency, locale=self.locale, fraction_digits=1))

    def count(self, number: float) -> str:
        """Write a whole number."""
        return str(format_decimal(round(number), locale=self.locale))

    def decimal(self, number: float, digits: int = 2) -> str:
        """Write a number with a fixed number of decimals."""
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return str(format_decimal(number, format=pattern, locale=self.locale))

    def percent(self, share: float, digits: int = 1) -> str:
        """Write a share of one as a percentage."""
        return str(format_percent(share, format="#,##0." + "0" * digits + "%", locale=self.locale))

    def day(self, day: datetime.date) -> str:
        """Write a date."""
        return format_date(day, "medium", locale=self.locale)

    def month(self, day: datetime.date) -> str:
        """Write the month of a date."""
        return format_date(day, "MMM y" if self.language == "en" else "y년 M월", locale=self.locale)

    def weekday(self, number: int) -> str:
        """Write a weekday short, 1 being Monday."""
        return str(get_day_names("abbreviated", locale=Locale.parse(self.locale))[number - 1])
