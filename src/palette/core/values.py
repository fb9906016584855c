"""Values as people write them: SQL that types a column's text, and how to tell the dialect it is in.

A dialect says what a value's text alone cannot: whether 03/04/2025 is in March or in April, whether 1,234 is
a thousand or one and a bit, which hour in the shop a time with an offset from UTC is. What the text does say
(an ISO date, a month's name, a currency sign, thousands marks) is read in every dialect. Text that is no
value of its kind becomes null, never an error and never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from typing import Literal, Protocol

import duckdb
from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from palette.core.in_memory import in_memory

Kind = Literal[
    "text",
    "identifier",
    "timestamp",
    "date",
    "time_of_day",
    "integer",
    "decimal",
    "channel",
    "gender",
    "flag",
]
DateOrder = Literal["day_first", "month_first"]
DecimalMark = Literal[".", ","]

NOT_A: Mapping[Kind, str] = {
    "timestamp": "a date and time",
    "date": "a date",
    "time_of_day": "a time of day",
    "integer": "a whole number",
    "decimal": "a number",
    "channel": "a known channel",
    "flag": "yes or no",
}

MOST: Mapping[Kind, int] = {"integer": 2**63, "decimal": 10**14}  # what no value reaches, either side of 0

LANGUAGES = ("en", "en_GB", "de", "fr", "es")

_SHOWN = 100  # characters of a value in a message
_MISSING = ("null", "nan", "none", "n/a", "#n/a", "<na>", r"\n")
_ONLINE = (
    "online web website webshop eshop onlineshop onlinestore ecommerce internet mobile mobileapp app digital "
    "siteweb enligne boutiqueenligne tiendaonline enlinea enlínea 온라인 온라인몰 인터넷 웹 앱 모바일"
)
_OFFLINE = (
    "offline store shop instore physicalstore brickandmortar retailstore branch pos filiale laden geschäft "
    "ladengeschäft stationär magasin enmagasin boutique horsligne tienda tiendafisica tiendafísica entienda "
    "오프라인 오프라인매장 매장 점포 지점"
)
_FEMALE = "f female w woman weiblich frau femme féminin feminin mujer femenino 여 여성 여자"
_MALE = "m male man männlich maennlich mann homme masculin hombre masculino 남 남성 남자"
_TRUE = (
    "true t yes y 1 1.0 wahr ja j vrai oui verdadero sí si 예 네 return returned refund refunded retoure "
    "retour retourné devolución devuelto 반품 환불"
)
_FALSE = (
    "false f no n 0 0.0 falsch nein faux non falso 아니오 아니요 sale sold purchase verkauf kauf vente achat "
    "venta compra 판매 구매"
)

# Regular expressions of RE2: \d is ASCII, \p{Z} is every blank of Unicode, \s adds tabs and line ends; FEFF
# is the byte order mark that files joined end to end have in their midst.
_BLANK = r"[\s\p{Z}\x{feff}]"
_BLANKS = f"{_BLANK}*"
_WORD_GAP = r"[\s\p{Z}\x{feff}_-]+"
_YEAR = r"(?:19\d\d|20\d\d|2100)"
_BEFORE_CLOCK = f"(?:T|,?{_BLANK}+)"
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]?\d(?::[0-5]?\d(?:[.,]\d{1,9})?)?"
_AS_PROGRAMS_WRITE = _YEAR + r"-\d\d-\d\d(?: (?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?"
_HALF_DAY = rf"{_BLANKS}[AaPp]\.?{_BLANKS}[Mm]\.?"
_UTC = "(?:Z|z|UTC|GMT)"
_OFFSET = r"[-+](?:0\d|1[0-4])(?::?[0-5]\d)?"
_TAIL = f"(?:{_BEFORE_CLOCK}{_CLOCK}(?:{_HALF_DAY}|{_BLANKS}(?:{_UTC}|{_OFFSET}))?)?{_BLANKS}"
_EXCEL_DAY = r"(?:[2-6]\d{4}|7[0-2]\d{3})"
_CURRENCY_WORDS = "kr|zł|Kč|Ft|lei|Rs|Fr|원|円|元"
_GROUP_BLANK = "[ \u00a0\u2009\u202f]"
_MINUS = "\u2212"

_SET_ORDER = "set date_order: day_first or date_order: month_first in retailer.yml"
_SET_MARK = "set decimal_mark: ',' or decimal_mark: '.' in retailer.yml"


class AmbiguityError(ValueError):
    """Values can be read in two ways and nothing says which; the message says what to set."""


class Declared(Protocol):
    """What a retailer's declaration says of its dialect; None: to be found out from the values."""

    @property
    def date_order(self) -> DateOrder | None:
        """Whether the day or the month comes first."""

    @property
    def decimal_mark(self) -> DecimalMark | None:
        """What stands before the fraction."""

    @property
    def time_zone(self) -> str | None:
        """IANA name of the shop's time zone."""

    @property
    def channels(self) -> Mapping[str, str]:
        """The shop's own words -> ``online`` or ``offline``."""


@dataclass(frozen=True)
class Dialect:
    """How a retailer writes values.

    Attributes
    ----------
    date_order : {"day_first", "month_first"} or None
        How 03/04/2025 is read; None reads only dates that are the same or real in one order alone.
    decimal_mark : {".", ","}
        What stands before a number's fraction.
    time_zone : str or None
        IANA name of the shop's time zone, to which times with an offset from UTC are brought; None: such
        times are not read.
    channels : mapping
        The shop's own words -> ``online`` or ``offline``; they come before the well-known ones.
    """

    date_order: DateOrder | None = None
    decimal_mark: DecimalMark = "."
    time_zone: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Written:
    """A value of a column, as evidence."""

    column: str
    value: str

    def __str__(self) -> str:
        return f"column {self.column}: '{self.value}'"


def present(text: str) -> str:
    """Write the SQL that gives a text, or null where it says that there is no value.

    Blanks only, NULL, NaN, None, N/A and the like say so, in any case; NA does not, it is Namibia.
    """
    words = "|".join(map(re.escape, _MISSING))
    return f"case when not {_matches(text, f'{_BLANKS}(?i:{words})?{_BLANKS}')} then {text} end"


def typed(kind: Kind, text: str, dialect: Dialect) -> str:
    """Write the SQL that turns a text into a value of a kind, null where it is none.

    Parameters
    ----------
    kind : Kind
        What the text is.
    text : str
        SQL expression of type varchar.
    dialect : Dialect
        How the value is written.

    Returns
    -------
    str
        An SQL expression: text, identifier (trimmed, 17850.0 as 17850), time_of_day (HH:MM), gender (F, M or
        the text itself) and channel (online or offline) are varchar, timestamp and date (its midnight)
        timestamp, integer bigint, decimal decimal(18, 4) rounded half up, flag boolean.
    """
    match kind:
        case "text":
            return present(text)
        case "identifier":
            trimmed = _removed(present(text), f"^{_BLANK}+|{_BLANK}+$")
            return _rewritten(trimmed, r"^([0-9]+)\.0+$", r"\1")
        case "timestamp":
            return _timestamp(text, dialect)
        case "date":
            return f"date_trunc('day', {_timestamp(text, dialect)})"
        case "time_of_day":
            return _time_of_day(text)
        case "integer":
            return _integer(text, dialect.decimal_mark)
        case "decimal":
            return _decimal(text, dialect.decimal_mark)
        case "channel":
            own = {_word_key(word): channel for word, channel in dialect.channels.items()}
            return _looked_up(text, _meanings(online=_ONLINE, offline=_OFFLINE) | own)
        case "gender":
            return f"coalesce({_looked_up(text, _meanings(F=_FEMALE, M=_MALE))}, {present(text)})"
        case "flag":
            return f"cast({_looked_up(text, _meanings(true=_TRUE, false=_FALSE))} as boolean)"


def find_dialect(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    dates: Sequence[str],
    numbers: Sequence[str],
    declared: Declared,
) -> Dialect:
    """Find out from all values of a table how its dates and numbers are written.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the relation can be read.
    relation : str
        SQL of a table, table function or query in parentheses.
    dates : sequence of str
        Names of the relation's text columns that hold dates or timestamps; together they have one order.
    numbers : sequence of str
        Names of its text columns that hold numbers; together they have one decimal mark.
    declared : Declared
        What is declared holds and is not looked for.

    Returns
    -------
    Dialect
        Without a date order where no value depends on it; with the dot where no value has a decimal mark.

    Raises
    ------
    AmbiguityError
        Values prove both orders or marks, or could be read with either; the message names columns and
        values and says what to set.
    """
    dialect = Dialect(
        declared.date_order, declared.decimal_mark or ".", declared.time_zone, declared.channels
    )
    if declared.date_order is None and dates:
        day_first, month_first, either = _evidence(
            connection,
            relation,
            dates,
            _timestamp("value", replace(dialect, date_order="day_first", time_zone="UTC")),
            _timestamp("value", replace(dialect, date_order="month_first", time_zone="UTC")),
        )
        if day_first and month_first:
            raise AmbiguityError(f"{day_first} has the day first, {month_first} the month; {_SET_ORDER}")
        if either and not (day_first or month_first):
            raise AmbiguityError(f"{either} could have the day or the month first; {_SET_ORDER}")
        if day_first or month_first:
            dialect = replace(dialect, date_order="day_first" if day_first else "month_first")
    if declared.decimal_mark is None and numbers:
        comma, dot, either = _evidence(
            connection, relation, numbers, _decimal("value", ","), _decimal("value", ".")
        )
        if comma and dot:
            raise AmbiguityError(f"{comma} has a decimal comma, {dot} a decimal point; {_SET_MARK}")
        if either and not (comma or dot):
            raise AmbiguityError(f"{either} could have a decimal or a thousands mark; {_SET_MARK}")
        dialect = replace(dialect, decimal_mark="," if comma else ".")
    return dialect


def problem(kind: Kind, value: str, dialect: Dialect) -> str:
    """Say that a value is not of its kind, and what to set in retailer.yml where another dialect reads it.

    Returns
    -------
    str
        Such as ``'13/02/2025' is not a date (read month first; set date_order: day_first in retailer.yml if
        the day comes first)``.
    """
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    said = f"'{shown}' is not {NOT_A.get(kind, 'a ' + kind)}"
    hint = _hint(kind, value, dialect)
    return f"{said} ({hint})" if hint else said


def _hint(kind: Kind, value: str, dialect: Dialect) -> str | None:
    def reads(other: Dialect) -> bool:
        return _reads(kind, value, other)

    if kind == "channel":
        return f"say which it is in retailer.yml: channels: {{{value}: online}} or {{{value}: offline}}"
    if kind in ("timestamp", "date"):
        if dialect.time_zone is None and reads(replace(dialect, time_zone="UTC")):
            return (
                "it has an offset from UTC; set time_zone in retailer.yml to the shop's, as in Europe/Berlin"
            )
        day_first = reads(replace(dialect, date_order="day_first"))
        month_first = reads(replace(dialect, date_order="month_first"))
        if dialect.date_order is None and (day_first or month_first):
            return f"the day or the month could come first; {_SET_ORDER}"
        if day_first and dialect.date_order == "month_first":
            return "read month first; set date_order: day_first in retailer.yml if the day comes first"
        if month_first and dialect.date_order == "day_first":
            return "read day first; set date_order: month_first in retailer.yml if the month comes first"
    if kind in ("integer", "decimal"):
        other: DecimalMark = "," if dialect.decimal_mark == "." else "."
        if reads(replace(dialect, decimal_mark=other)):
            return (
                f"read with the decimal mark '{dialect.decimal_mark}'; set decimal_mark: '{other}' in "
                "retailer.yml if that is the mark"
            )
        number = f"abs(try_cast({_plain_number('value', dialect.decimal_mark)} as double))"
        if _holds(number, value, f">= {MOST[kind]}"):
            return f"from {MOST[kind]:,} on, numbers do not fit"
    return None


def _reads(kind: Kind, value: str, dialect: Dialect) -> bool:
    return _holds(typed(kind, "value", dialect), value, "is not null")


def _holds(read: str, value: str, condition: str) -> bool:
    with in_memory() as connection:
        query = f"select {read} {condition} from (select cast(? as varchar) as value)"
        return bool((connection.execute(query, [value]).fetchone() or (False,))[0])


def _evidence(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], first: str, second: str
) -> tuple[_Written | None, _Written | None, _Written | None]:
    """Look for values that only the first reading reads, only the second one, and both, differently."""
    names = ", ".join(_identifier(column) for column in columns)
    rows = connection.execute(
        f"""
        with
            written as (
                select distinct name, value
                from (unpivot (select {names} from {relation}) on {names} into name name value value)
            ),
            readings as (select name, value, {first} as first, {second} as second from written)
        select
            case when second is null then 'first' when first is null then 'second' else 'either' end as proof,
            min({{'name': name, 'value': value}}) as example
        from readings
        where first is distinct from second
        group by all
        """
    ).fetchall()
    found = {proof: _Written(example["name"], example["value"]) for proof, example in rows}
    return found.get("first"), found.get("second"), found.get("either")


def _timestamp(text: str, dialect: Dialect) -> str:
    clock = f"^([-0-9]+){_BEFORE_CLOCK}({_CLOCK})"
    naive = _rewritten("written", f"^([-0-9]+)(?:{_BEFORE_CLOCK}({_CLOCK}))?{_BLANKS}$", r"\1 \2")
    half_day = _rewritten("written", rf"{clock}{_BLANKS}([AaPp])\.?{_BLANKS}[Mm]\.?{_BLANKS}$", r"\1 \2\3M")
    half_day_formats = [f"%Y-%m-%d %I:%M{seconds}%p" for seconds in ("", ":%S", ":%S.%f")]
    shifted = _rewritten("written", f"{_UTC}{_BLANKS}$", "+00")
    shifted = _rewritten(shifted, f"{clock}{_BLANKS}({_OFFSET}){_BLANKS}$", r"\1 \2\3")
    shifted = _rewritten(shifted, r"( \d+:\d+)([-+])", r"\1:00\2")
    in_zone = f"timezone({_quoted(dialect.time_zone)}, try_cast(replace({shifted}, ',', '.') as timestamptz))"
    read = (
        f"case when {_found('written', _HALF_DAY + _BLANKS + '$')} "
        f"then try_strptime(replace({half_day}, ',', '.'), {half_day_formats}) "
        f"when {_found('written', f'{_UTC}|:[^-+]*[-+]')} then {in_zone if dialect.time_zone else 'null'} "
        f"else try_cast(rtrim(replace({naive}, ',', '.')) as timestamp) end"
    )
    mark = "[.,]" if dialect.decimal_mark == "," else "[.]"
    serial = _BLANKS + _EXCEL_DAY + rf"(?:{mark}\d+)?" + _BLANKS
    days = f"try_cast(replace({text}, ',', '.') as double)"
    return (
        # most values, in a hundredth of the time that all the others take
        f"case when {_matches(text, _AS_PROGRAMS_WRITE)} then try_cast({text} as timestamp) "
        f"when {_matches(text, serial)} "
        f"then timestamp '1899-12-30' + to_milliseconds(cast(round({days} * 86400000) as bigint)) "
        f"else {_let('written', _year_first(text, dialect.date_order), read)} end"
    )


def _year_first(text: str, order: DateOrder | None) -> str:
    """Write the SQL that puts a text's date as year-month-day before its time; null where there is none."""
    branches = (
        f"when {_matches(text, f'{_BLANKS}{shape}{_TAIL}')} then {rewritten}"
        for shape, rewritten in (*_numeric_dates(text, order), *_named_dates(text))
    )
    # The second rewriting meets only the two-digit years that the first one has left.
    return _rewritten(
        _rewritten(f"case {' '.join(branches)} end", r"^((?:[0-5]\d|6[0-8])-)", r"20\1"), r"^(\d\d-)", r"19\1"
    )


def _numeric_dates(text: str, order: DateOrder | None) -> list[tuple[str, str]]:
    separator = rf"[-/.]{_BLANK}?"
    any_year = rf"({_YEAR}|\d\d)"
    year_first = _prefix(text, rf"({_YEAR}){separator}(\d+){separator}(\d+)\.?", r"\1-\2-\3")
    compact = _prefix(text, rf"({_YEAR})(\d\d)(\d\d)", r"\1-\2-\3")
    year_last = rf"(\d+){separator}(\d+){separator}{any_year}\.?"
    day_first = _prefix(text, year_last, r"\3-\2-\1")
    month_first = _prefix(text, year_last, r"\3-\1-\2")
    shapes = [(_separated((_YEAR, r"\d\d?", r"\d\d?")), year_first), (rf"{_YEAR}\d{{4}}", compact)]
    if order:
        shape = _separated((r"\d\d?", r"\d\d?", any_year))
        return [*shapes, (shape, day_first if order == "day_first" else month_first)]
    month, no_month = "(?:0?[1-9]|1[0-2])", r"(?:1[3-9]|2\d|3[01])"
    same = [
        _separated((each, each, any_year)) for each in (*(f"0?{n}" for n in range(1, 10)), "10", "11", "12")
    ]
    return [
        *shapes,
        (_separated((no_month, month, any_year)), day_first),
        (_separated((month, no_month, any_year)), month_first),
        (f"(?:{'|'.join(same)})", day_first),
    ]


def _separated(parts: tuple[str, str, str]) -> str:
    """Write the pattern of a date whose parts are separated alike."""
    separators = ("/", "-", rf"\.{_BLANK}?")
    return "(?:" + "|".join(each.join(parts) for each in separators) + r")\.?"


def _named_dates(text: str) -> list[tuple[str, str]]:
    names = "|".join(sorted(_months(), key=len, reverse=True))
    gap = rf"(?:[-/]|{_BLANK})*"
    day = r"(\d\d?)(?:st|nd|rd|th|er|º|\.)?"
    year = rf"({_YEAR}|\d\d)"
    day_first = rf"(?i:{day}{gap}(?:de{_BLANK})?({names})\.?,?{gap}(?:de{_BLANK})?{year})"
    month_first = rf"(?i:({names})\.?{gap}{day}(?:[-/,]|{_BLANK})+{year})"

    def numbered(pattern: str, rewrite: str, group: int) -> str:
        name = f"regexp_extract({text}, {_quoted(f'^{_BLANKS}{pattern}')}, {group})"
        return f"replace({_prefix(text, pattern, rewrite)}, '@', {_map(_months())}[lower({name})])"

    return [
        (day_first, numbered(day_first, r"\3-@-\1", 2)),
        (month_first, numbered(month_first, r"\3-@-\2", 1)),
    ]


def _time_of_day(text: str) -> str:
    seconds = r"(?::[0-5]\d(?:\.\d{1,9})?)?"
    whole_day = rf"{_BLANKS}(?:(?:[01]?\d|2[0-3]):[0-5]\d|24:00){seconds}{_BLANKS}"
    half_day = rf"{_BLANKS}(?:0?[1-9]|1[0-2]):[0-5]\d{seconds}{_HALF_DAY}{_BLANKS}"
    hour = rf"cast(regexp_extract({text}, '\d+') as bigint)"
    afternoon = f"case when {_found(text, '[Pp]')} then 12 else 0 end"
    minute = f"substr(split_part({text}, ':', 2), 1, 2)"
    return (
        f"case when {_matches(text, whole_day)} "
        f"then lpad(cast({hour} % 24 as varchar), 2, '0') || ':' || {minute} "
        f"when {_matches(text, half_day)} "
        f"then lpad(cast({hour} % 12 + {afternoon} as varchar), 2, '0') || ':' || {minute} end"
    )


def _decimal(text: str, mark: DecimalMark) -> str:
    return f"try_cast({_plain_number(text, mark)} as decimal(18, 4))"


def _integer(text: str, mark: DecimalMark) -> str:
    # A whole number in scientific notation is known by its value only.
    whole = _matches("number", r"[-+]?(?:\d+(?:\.0*)?|\.0+)")
    scientific = (
        f"{_found('number', '[eE]')} and try_cast(number as double) = trunc(try_cast(number as double))"
    )
    read = f"case when {whole} or ({scientific}) then try_cast(number as bigint) end"
    return _let("number", _plain_number(text, mark), read)


def _plain_number(text: str, mark: DecimalMark) -> str:
    """Write the SQL that gives a number's text as programs write it, with a dot; null where it is none."""
    point, thousands = (",", r"\.") if mark == "," else (r"\.", ",")
    plain = rf"[-+]?(?:\d+(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d{{1,4}})?"
    groups = [rf"[1-9]\d{{0,2}}(?:{each}\d{{3}})+" for each in (thousands, "['\u2019]", _GROUP_BLANK)]
    if mark == ".":
        groups.append(r"[1-9]\d?(?:,\d\d)+,\d{3}")
    digits = rf"(?:(?:{'|'.join(groups)}|\d+)(?:{point}\d*)?|{point}\d+)"
    currency = rf"(?:(?:[A-Z]{{0,3}}\p{{Sc}}|{_CURRENCY_WORDS}|{'|'.join(_currencies())}){_BLANKS})?"
    sign = f"[-+{_MINUS}]?{_BLANKS}"
    around = rf"{sign}{currency}{sign}"
    amount = rf"{_BLANKS}\(?{_BLANKS}{around}{digits}{_BLANKS}{around}\)?{_BLANKS}"
    signs = _removed(text, f"[^-+(){_MINUS}]+")
    signed = _map({"": "", "+": "", "-": "-", _MINUS: "-", "()": "-"})
    return (
        f"case when {_matches(text, plain)} then replace({text}, ',', '.') "
        f"when {_matches(text, f'{_BLANKS}{plain}{_BLANKS}')} "
        f"then replace({_removed(text, f'{_BLANK}+')}, ',', '.') "
        f"when {_matches(text, amount)} "
        f"then {signed}[{signs}] || replace({_removed(text, f'[^0-9{mark}]+')}, ',', '.') end"
    )


def _looked_up(text: str, meanings: Mapping[str, str]) -> str:
    """Write the SQL that gives what a word means, whatever its case, blanks, hyphens and underscores."""
    return f"{_map(meanings)}[{_removed(f'lower(nfc_normalize({text}))', _WORD_GAP)}]"


def _meanings(**words: str) -> dict[str, str]:
    return {word: meaning for meaning, listed in words.items() for word in listed.split()}


def _word_key(word: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFC", word).lower())


def _let(name: str, value: str, read: str) -> str:
    """Write the SQL of an expression in which a name stands for a value, computed once."""
    return f"list_transform([{value}], lambda {name}: {read})[1]"


def _map(items: Mapping[str, str]) -> str:
    return f"map {{{', '.join(f'{_quoted(key)}: {_quoted(value)}' for key, value in items.items())}}}"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {_quoted(pattern)})"


def _found(text: str, pattern: str) -> str:
    return f"regexp_matches({text}, {_quoted(pattern)})"


def _rewritten(text: str, pattern: str, rewrite: str) -> str:
    return f"regexp_replace({text}, {_quoted(pattern)}, {_quoted(rewrite)})"


def _prefix(text: str, pattern: str, rewrite: str) -> str:
    return _rewritten(text, f"^{_BLANKS}{pattern}", rewrite)


def _removed(text: str, pattern: str) -> str:
    return f"regexp_replace({text}, {_quoted(pattern)}, '', 'g')"


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@cache
def _currencies() -> tuple[str, ...]:
    """ISO 4217 codes of the currencies that are legal tender somewhere today."""
    territories = get_global("territory_currencies")
    return tuple(sorted(set(chain.from_iterable(map(get_territory_currencies, territories)))))


@cache
def _months() -> dict[str, str]:
    """Names and abbreviations of the months in lower case -> their numbers."""
    return {
        name.lower().rstrip("."): str(number)
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for number, name in Locale.parse(language).months["format"][width].items()
    }
