"""What the values of a file's columns look like, whatever their headers say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
from babel.numbers import list_currencies

from palette.core.inputs import sql_string

_FACT_ROWS = 20_000
_SAMPLE_ROWS = 2_000
_MISSING = "('', 'null', 'nan', 'none', 'n/a', '\\n')"

_SIGN = "[-+\u2212]"
_APOSTROPHE = "\u2019"
_CURRENCY = rf"(?:[€$£¥₩₹]|R\$|원|kr|zł|Kč|{'|'.join(sorted(list_currencies()))})"
_NUMBER = (
    rf"(?:\d{{1,3}}(?:[., '{_APOSTROPHE}\x{{a0}}\x{{202f}}]\d{{3}})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)"
)
_DAY = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}년 ?\d{1,2}월 ?\d{1,2}일"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[-. ]+\p{L}{3,9}[-., ]+(?:\d{4}|\d{2})|\p{L}{3,9}\.? \d{1,2},? \d{4})"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))?"
_WORDS_OF = {
    "gender": "f|m|w|d|x|female|male|woman|man|women|men|weiblich|mannlich|männlich|divers|frau|herr"
    "|femme|homme|h|mujer|hombre|femenino|masculino|여|남|여성|남성|여자|남자|unknown|u",
    "title": r"mr\.?|mrs\.?|ms\.?|miss|frau|herr|m\.|mme\.?|mlle\.?|sr\.?|sra\.?|d\.|dña\.?",
    "flag": "y|n|t|f|j|yes|no|true|false|0|1|ja|nein|oui|non|s[ií]|예|아니오|아니요|o|x|returned|refunded",
    "return": "return|returned|refund|refunded|retoure|gutschrift|storno|avoir|devoluci[oó]n|반품|환불"
    "|credit memo",
    "channel": "online|offline|web|website|webshop|online ?shop|onlineshop|internet|app|mobile|mobile app"
    "|e-?commerce|store|shop|pos|in-?store|retail|filiale|laden|magasin|boutique|tienda|매장|오프라인|온라인|앱|모바일|phone",
}
# The share of values that look like each; DuckDB regular expressions that match the whole value.
_LOOKS = {
    "date": rf"{_DAY}(?:[ T]00:00(?::00(?:\.0+)?)?{_ZONE})?",
    "timestamp": rf"{_DAY}[ T,]+{_TIME}{_ZONE}",
    "time_of_day": _TIME,
    "integer": rf"{_SIGN}?\d+(?:[.,]0+)?",
    "decimal": rf"\(?{_SIGN}?\s?{_CURRENCY}?\s?{_SIGN}?{_NUMBER}(?:[eE][-+]?\d+)?\s?(?:{_CURRENCY}|%)?\)?-?",
    "percent": rf"{_SIGN}?[\d.,]+ ?%",
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "url": r"(?:https?://|www\.|/)\S*",
    "currency": _CURRENCY,
    "age_band": r"\D{0,8}\d{1,3} ?(?:[-~]|\x{2013}|to|bis|a|à) ?\d{1,3}\D{0,6}"
    r"|\d{1,3} ?(?:\+|대|s)|[<>≤≥] ?\d{1,3}",
    "code": r"[\p{Lu}\d][\p{Lu}\d._/#-]*",
    "has_digit": r"(?s).*\d.*",
    "has_space": r"(?s).*\s.*",
    **{kind: f"(?i:{words})" for kind, words in _WORDS_OF.items()},
}


@dataclass(frozen=True)
class ColumnFacts:
    """What the values of one column look like.

    Attributes
    ----------
    header : str
        The file's own name of the column.
    values : tuple of str
        Up to three different values, as read.
    filled : float
        Share of the rows that have a value.
    distinct, rows : int
        Number of different values, and of rows looked at.
    kinds : mapping
        Share of the values that look like a date, timestamp, time_of_day, integer, decimal, email ...
    least, most : float or None
        Of the values that are numbers.
    mean_length : float
        In characters.
    sample : tuple of str or None
        The first rows' values in the file's order; by it columns are compared with each other.
    decimal_mark : str or None
        What the file's columns of numbers prove to stand before a fraction; None where they do not agree.
    """

    header: str
    values: tuple[str, ...]
    filled: float
    distinct: int
    rows: int
    kinds: Mapping[str, float]
    least: float | None
    most: float | None
    mean_length: float
    sample: tuple[str | None, ...] = field(default=(), repr=False)
    decimal_mark: str | None = None


def look_at(
    connection: duckdb.DuckDBPyConnection, relation: str, headers: Sequence[str]
) -> list[ColumnFacts]:
    """Describe the text columns of a relation by its first 20,000 rows; the first 2,000 are kept as a sample.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where the relation can be read.
    relation : str
        A table's name or a table function; its columns are text.
    headers : sequence of str
        Which columns.

    Returns
    -------
    list of ColumnFacts
        One per header, in their order.
    """
    if not headers:
        return []
    quoted = ['"' + header.replace('"', '""') + '"' for header in headers]
    cleaned = ", ".join(
        f"case when lower(trim({each})) not in {_MISSING} then trim({each}) end as c{at}"
        for at, each in enumerate(quoted)
    )
    rows = f"select {cleaned} from (select * from {relation} limit {{}})"
    sample_rows = connection.execute(rows.format(_SAMPLE_ROWS)).fetchall()
    samples = list(zip(*sample_rows, strict=True)) or [()] * len(headers)
    looks = ", ".join(
        f"'{kind}': sum(times) filter (where regexp_full_match(value, {sql_string(pattern)})) / sum(times)"
        for kind, pattern in _LOOKS.items()
    )
    found = connection.execute(f"""
        with counted as (
            select name, value, count(*) as times
            from (unpivot ({rows.format(_FACT_ROWS)}) on columns(*) into name name value value)
            group by all
        )
        select
            name, cast(sum(times) as bigint), count(*), sum(length(value) * times) / sum(times), {{{looks}}}
        from counted group by name
    """).fetchall()
    (count,) = connection.execute(
        f"select count(*) from (from {relation} limit {_FACT_ROWS})"
    ).fetchone() or (0,)
    by_column = {row[0]: row[1:] for row in found}
    empty = (0, 0, 0.0, dict.fromkeys(_LOOKS, 0.0))
    rest = [by_column.get(f"c{at}", empty) for at in range(len(headers))]
    proven = {
        mark
        for sample, (*_, kinds) in zip(samples, rest, strict=True)
        if (kinds["decimal"] or 0) >= 0.9
        for mark in map(_proven_mark, sample)
        if mark
    }
    mark = proven.pop() if len(proven) == 1 else None
    return [
        _facts(header, sample, mark, count, *facts)
        for header, sample, facts in zip(headers, samples, rest, strict=True)
    ]


def _facts(
    header: str,
    sample: Sequence[str | None],
    mark: str | None,
    rows: int,
    filled: int,
    distinct: int,
    mean_length: float,
    kinds: Mapping[str, float | None],
) -> ColumnFacts:
    numbers = [each for text in sample if (each := number(text, mark)) is not None]
    return ColumnFacts(
        header=header,
        values=tuple(dict.fromkeys(value for value in sample if value is not None))[:3],
        filled=filled / rows if rows else 0.0,
        distinct=distinct,
        rows=rows,
        kinds={kind: share or 0.0 for kind, share in kinds.items()},
        least=min(numbers, default=None),
        most=max(numbers, default=None),
        mean_length=mean_length,
        sample=tuple(sample),
        decimal_mark=mark,
    )


_NUMERAL = re.compile(
    rf"(?:{_SIGN}|\()*\s?{_CURRENCY}?\s?{_SIGN}?[\d.,'{_APOSTROPHE} \xa0\u202f]*\d[.,]?(?:E[-+]?\d+)?"
    rf"\s?(?:{_CURRENCY}|%)?[-)]*"
)


def _proven_mark(text: str | None) -> str | None:
    """Give the decimal mark of a number that can be read in one way alone."""
    marks = re.findall("[.,]", text or "")
    if len(marks) > 1 and len(set(marks)) > 1:
        return str(marks[-1])
    one_way = re.search(r"(?<!\d)0[.,]\d+|[.,](?:\d\d?|\d{4,})(?!\d)", text or "")
    return str(marks[0]) if len(marks) == 1 and one_way else None


def number(text: str | None, mark: str | None = None) -> float | None:
    """Read a number as people write it.

    Without a known decimal mark, a single point before three digits is taken for one, and a comma is not.
    """
    if text is None or not _NUMERAL.fullmatch(text):
        return None
    negative = bool(re.match(r"\(|\D*[-\u2212]", text)) or text.endswith("-")
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        whole, fraction = re.sub(r"\D", "", digits[:last]), digits[last + 1 :]
        is_single = len(re.findall("[.,]", digits)) == 1
        thousands = len(fraction) == 3 and (
            (is_single and digits[last] != (mark or ".")) or digits.count(digits[last]) > 1
        )
        digits = whole + fraction if thousands and whole != "0" else f"{whole}.{fraction}"
    try:
        value = float(digits)
    except ValueError:
        return None
    return -value if negative else value


def describe(facts: ColumnFacts) -> str:
    """Say in a few words what the values of a column are: "whole numbers, 1 to 9,840, 12 distinct"."""
    if not facts.filled:
        return "no values"
    names = {
        "timestamp": "dates with a time",
        "date": "dates",
        "time_of_day": "times of day",
        "email": "e-mail addresses",
        "integer": "whole numbers",
        "decimal": "numbers",
    }
    least = dict.fromkeys(names, 0.9) | {"integer": 1.0}
    kind = next((name for kind, name in names.items() if facts.kinds[kind] >= least[kind]), "text")
    spread = (
        f", {facts.least:,.10g} to {facts.most:,.10g}"
        if "numbers" in kind and facts.least is not None and facts.most is not None
        else ""
    )
    return f"{kind}{spread}, {facts.distinct:,} distinct"
