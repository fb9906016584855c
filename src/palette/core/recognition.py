"""Recognises what the columns of a shop's files mean, by their headers and by their values.

What is known of each column (its kind, the words for it in several languages) is declared in dbt's own
``models/staging/<form>/_<form>__sources.yml`` under ``config: meta:``. A meaning is called sure only where the header
and the values both say so; everything else is proposed to be confirmed, or left open.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from itertools import product
from typing import Any

import duckdb
from babel.numbers import list_currencies

from palette.core.inputs import sql_string

GENERAL_FORM = "orders"
_FACT_ROWS = 20_000
_SAMPLE_ROWS = 2_000

_LANGUAGES = {"en": "English", "ko": "Korean", "de": "German", "fr": "French", "es": "Spanish"}

_CURRENCY = rf"(?:[€$£¥₩₹]|R\$|원|kr|zł|Kč|{'|'.join(sorted(list_currencies()))})"
_NUMBER = r"(?:\d{1,3}(?:[., '’\x{a0}\x{202f}]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d*)?|[.,]\d+)"
_DAY = (
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{4}년 ?\d{1,2}월 ?\d{1,2}일"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[-. ]+\p{L}{3,9}[-., ]+(?:\d{4}|\d{2})|\p{L}{3,9}\.? \d{1,2},? \d{4})"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?))?"
_WORDS_OF = {
    "gender": "f|m|w|d|x|female|male|woman|man|women|men|weiblich|mannlich|männlich|divers|frau|herr|femme|homme|h"
    "|mujer|hombre|femenino|masculino|여|남|여성|남성|여자|남자|unknown|u",
    "title": r"mr\.?|mrs\.?|ms\.?|miss|frau|herr|m\.|mme\.?|mlle\.?|sr\.?|sra\.?|d\.|dña\.?",
    "flag": "y|n|t|f|j|yes|no|true|false|0|1|ja|nein|oui|non|s[ií]|예|아니오|아니요|o|x|returned|refunded",
    "return": "return|returned|refund|refunded|retoure|gutschrift|storno|avoir|devoluci[oó]n|반품|환불|credit memo",
    "channel": "online|offline|web|website|webshop|online ?shop|onlineshop|internet|app|mobile|mobile app|e-?commerce"
    "|store|shop|pos|in-?store|retail|filiale|laden|magasin|boutique|tienda|매장|오프라인|온라인|앱|모바일|phone",
}
# The share of values that look like each; DuckDB regular expressions that match the whole value.
_LOOKS = {
    "date": rf"{_DAY}(?:[ T]00:00(?::00(?:\.0+)?)?{_ZONE})?",
    "timestamp": rf"{_DAY}[ T,]+{_TIME}{_ZONE}",
    "time_of_day": _TIME,
    "integer": r"[-+−]?\d+(?:[.,]0+)?",
    "decimal": rf"\(?[-+−]?\s?{_CURRENCY}?\s?[-+−]?{_NUMBER}(?:[eE][-+]?\d+)?\s?(?:{_CURRENCY}|%)?\)?-?",
    "percent": r"[-+−]?[\d.,]+ ?%",
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
    "url": r"(?:https?://|www\.|/)\S*",
    "currency": _CURRENCY,
    "age_band": r"\D{0,8}\d{1,3} ?(?:[-–~]|to|bis|a|à) ?\d{1,3}\D{0,6}|\d{1,3} ?(?:\+|대|s)|[<>≤≥] ?\d{1,3}",
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


@dataclass(frozen=True)
class Meaning:
    """One column of a source table, as its yml declares it.

    Attributes
    ----------
    words : mapping
        Key of a known header -> how to call it, as "a German word"; the most telling first.
    weak_words : frozenset of str
        Keys of headers that may mean it, if the values say so.
    """

    table: str
    name: str
    kind: str
    is_required: bool
    words: Mapping[str, str]
    weak_words: frozenset[str]


@dataclass(frozen=True)
class Table:
    """One table of a form: the patterns of its files' names, its columns and its key."""

    name: str
    files: tuple[str, ...]
    key: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]
    columns: tuple[Meaning, ...]


@dataclass(frozen=True)
class Form:
    """A shape of raw files: its tables, and the headers that are known to be of no use."""

    name: str
    tables: tuple[Table, ...]
    unused: Mapping[str, str]


@dataclass(frozen=True)
class Proposal:
    """What one column of a file means: `meaning` is our column of `table`, or None where it is of no use.

    `sure` is True only where header and values both say so; `why` says it in words.
    """

    table: str
    column: str
    meaning: str | None
    sure: bool
    why: str


@dataclass(frozen=True)
class Open:
    """A meaning that is needed and not settled, and the columns it could be; of `one_of`, any would do."""

    table: str
    one_of: tuple[str, ...]
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class FileProposal:
    """What one file is: a table of the form (None: none of them), its columns, and what is still open."""

    file: str
    table: str | None
    columns: tuple[Proposal, ...]
    open: tuple[Open, ...]


@dataclass(frozen=True)
class Recognition:
    """The form that the files fit, and what each of them is."""

    form: str
    files: tuple[FileProposal, ...]


# ---------- header words


_SAME_TOKENS = {
    **dict.fromkeys(
        [
            "no",
            "nr",
            "num",
            "nbr",
            "number",
            "numbers",
            "nummer",
            "numero",
            "code",
            "codes",
            "cd",
            "codigo",
            "cod",
            "key",
            "reference",
        ],
        "id",
    ),
    **dict.fromkeys(
        [
            "ref",
            "referencia",
            "clave",
            "ident",
            "identifier",
            "identifiant",
            "identificador",
            "kennung",
            "번호",
            "코드",
        ],
        "id",
    ),
    **dict.fromkeys(["아이디", "uid"], "id"),
    **{"qty": "quantity", "cust": "customer", "prod": "product", "dt": "date", "ts": "timestamp"},
    **{"amt": "amount", "desc": "description", "descr": "description", "cat": "category", "inv": "invoice"},
    **{
        "trx": "transaction",
        "txn": "transaction",
        "trans": "transaction",
        "disc": "discount",
        "ord": "order",
    },
    **{"bez": "bezeichnung", "anz": "anzahl", "betr": "betrag", "pct": "percent", "prozent": "percent"},
    **{"curr": "currency", "hh": "household", "prc": "price"},
}
_FILLERS = frozenset(
    [
        "of",
        "the",
        "de",
        "du",
        "des",
        "del",
        "la",
        "le",
        "les",
        "el",
        "los",
        "der",
        "die",
        "das",
        "des",
        "d",
        "l",
        "a",
        "an",
        "and",
        "y",
        "et",
        "und",
    ]
)
_ID_ENDING = re.compile(r"(.{2,})(?:nummer|number|nr|code|번호|코드|아이디)")
_ID_NO = re.compile(
    r"(order|invoice|customer|cust|product|item|article|receipt|line|store|member|bill|ticket)(?:no|num)"
)
_UNITS = r"€|\$|£|¥|₩|원|eur|usd|gbp|krw|chf|jpy|kg|g|ml|l|st|stk|pcs|mm|°c|c|s|sec|seconds|in|h|min|cm"
_UNIT = re.compile(rf"\s*(?:[(\[]\s*(?:in\s+)?(?:{_UNITS})\s*[)\]]|\bin\s+(?:{_UNITS}))\s*$", re.IGNORECASE)
_CURRENCY_TOKENS = frozenset(["eur", "usd", "gbp", "krw", "chf", "jpy"])
_HUMP = re.compile(r"(?<=[a-z0-9ß-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_ENTITIES = frozenset(
    [
        "product",
        "item",
        "article",
        "order",
        "customer",
        "sale",
        "sales",
        "transaction",
        "line",
        "date",
        "time",
        "invoice",
        "client",
        "store",
        "name",
    ]
)

# Words before the rest of a header that say what it belongs to, and which meanings that leaves.
_LINE = frozenset(
    {"product_id", "product_name", "quantity", "unit_price", "amount", "discount", "line_number"}
)
_ORDER = frozenset(
    {"order_id", "ordered_at", "ordered_on", "ordered_time", "customer_id", "channel", "store"}
)
_PRODUCT = frozenset({"super_category", "category", "subcategory", "margin", "stock"})
_PERSON = frozenset({"customer_id", "gender", "birth_year", "age", "age_band", "country", "city", "email"})
_CONTEXTS = (
    (
        "lineitem line item items variant product article artikel produkt produit producto articulo 상품",
        _LINE | _PRODUCT,
    ),
    ("position pos detail 품목", _LINE),
    (
        "order orders transaction sale sales invoice receipt purchase basket bestell auftrags 주문",
        _ORDER | {"currency"},
    ),
    (
        "customer buyer client member user shopper kunden cliente 고객 회원 구매자 default address",
        _PERSON | {"has_consented"},
    ),
)


@cache
def header_tokens(header: str) -> tuple[str, ...]:
    """Split a header into words without case, accents, units and abbreviations.

    "OrderNo", "order_id" and "Order Nr." all give ("order", "id").
    """
    text = unicodedata.normalize("NFC", header).replace("\ufeff", "").strip()
    text = re.sub(r"\b[nN]\.?\s?[°º]|№|#", " number ", text)
    text = _UNIT.sub("", _HUMP.sub(" ", unicodedata.normalize("NFKC", text).replace("%", " percent ")))
    folded = unicodedata.normalize("NFKD", text.casefold())
    folded = unicodedata.normalize("NFC", "".join(each for each in folded if not unicodedata.combining(each)))
    tokens: list[str] = []
    for token in re.findall(r"[^\W_]+", folded):
        if ending := _ID_ENDING.fullmatch(token) or _ID_NO.fullmatch(token):
            tokens += [_SAME_TOKENS.get(ending[1], ending[1]), "id"]
        elif token.endswith("bez") and len(token) > 4:
            tokens += [token[:-3], "bezeichnung"]
        else:
            tokens.append(_SAME_TOKENS.get(token, token))
    if len(tokens) > 1 and tokens[-1] in _CURRENCY_TOKENS:
        tokens.pop()
    return tuple(tokens)


def has_header(first_rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first of a file's rows names the columns.

    It does not where a fifth of its cells or more are numbers, dates, times or e-mail addresses.
    """
    if not first_rows:
        return False
    cells = [cell.strip() for cell in first_rows[0] if cell.strip()]
    return bool(cells) and sum(map(_is_value, cells)) < max(1, len(cells) / 5)


def _is_value(cell: str) -> bool:
    return bool(
        re.fullmatch(
            r"[-+(€$£₩]*\d[\d.,:/ \-TZ]*[)%€]?|[^@\s]+@[^@\s]+\.[^@\s]+|\d{1,2}[- ]\w{3}[- ]\d{2,4}", cell
        )
    )


# ---------- declarations


def read_form(document: Mapping[str, Any]) -> Form:
    """Take what recognition needs from a parsed ``_<form>__sources.yml`` with one source.

    A column without ``config: meta:`` is text, required, and known under its own name alone.
    """
    (source,) = document["sources"]
    unused = {
        key: group["why"]
        for group in _meta(source).get("unused", ())
        for words in group["headers"].values()
        for word in words
        for key in _keys(str(word))
    }
    return Form(source["name"], tuple(map(_read_table, source["tables"])), unused)


def _read_table(table: Mapping[str, Any]) -> Table:
    meta = _meta(table)
    columns = tuple(_read_column(table["name"], column) for column in table["columns"])
    one_of = tuple(map(tuple, meta.get("one_of", ())))
    return Table(table["name"], tuple(meta.get("files", ())), tuple(meta.get("key", ())), one_of, columns)


def _read_column(table: str, column: Mapping[str, Any]) -> Meaning:
    meta = _meta(column)
    words: dict[str, str] = dict.fromkeys(_keys(column["name"]), "our own word")
    for language, known in meta.get("headers", {}).items():
        for word in known:
            for key in set(_keys(str(word))) - {"id"}:
                words.setdefault(key, f"a {_LANGUAGES.get(language, language)} word".replace("a E", "an E"))
    weak = frozenset(key for word in meta.get("weak_headers", ()) for key in _keys(str(word)))
    return Meaning(
        table,
        column["name"],
        meta.get("kind", "text"),
        meta.get("is_required", True),
        words,
        weak,
    )


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = (node.get("config") or {}).get("meta") or {}
    return meta


@cache
def _keys(header: str) -> tuple[str, ...]:
    """Give the keys that two headers of the same words have in common: as written, and in any order."""
    tokens = header_tokens(header)
    umlauts = header_tokens(re.sub("[äöüÄÖÜ]", lambda match: match[0] + "e", header))
    return tuple(dict.fromkeys(key for each in (tokens, umlauts) for key in _token_keys(each)))


def _token_keys(tokens: Sequence[str]) -> tuple[str, ...]:
    telling = [token for token in tokens if token not in _FILLERS] or list(tokens)
    return "".join(tokens), "".join(telling), " ".join(sorted(telling))


# ---------- facts


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
        f"case when lower(trim({each})) not in ('', 'null', 'nan', 'none', 'n/a', '\\n') then trim({each}) end as c{at}"
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
    return [
        _facts(header, samples[at], count, *by_column.get(f"c{at}", empty))
        for at, header in enumerate(headers)
    ]


def _facts(
    header: str,
    sample: Sequence[str | None],
    rows: int,
    filled: int,
    distinct: int,
    mean_length: float,
    kinds: Mapping[str, float | None],
) -> ColumnFacts:
    numbers = [number for number in map(_number, sample) if number is not None]
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
    )


_NUMERAL = re.compile(
    rf"[-+−(]*\s?{_CURRENCY}?\s?[-+−]?[\d.,'’ \xa0\u202f]*\d[.,]?(?:E[-+]?\d+)?\s?(?:{_CURRENCY}|%)?[-)]*"
)


def _number(text: str | None) -> float | None:
    """Read a number as people write it; of one mark before three digits it stays open what it is, taken for a point."""
    if text is None or not _NUMERAL.fullmatch(text):
        return None
    negative = bool(re.match(r"\(?\s*\D{0,3}[-−]|\(", text)) or text.endswith("-")
    digits = re.sub(r"[^\d.,]", "", text).strip(".,")
    last = max(digits.rfind("."), digits.rfind(","))
    if last >= 0:
        whole, fraction = re.sub(r"\D", "", digits[:last]), digits[last + 1 :]
        thousands = len(fraction) == 3 and (
            (digits[last] == "," and len(re.findall("[.,]", digits)) == 1) or digits.count(digits[last]) > 1
        )
        digits = whole + fraction if thousands and whole != "0" else f"{whole}.{fraction}"
    try:
        value = float(digits)
    except ValueError:
        return None
    return -value if negative else value


# ---------- what words and values say


@dataclass(frozen=True)
class _Match:
    """How well a column fits a meaning: `word` by its header, 0 to 1, `value` by its values, -1, 0 or 1."""

    at: int
    meaning: Meaning
    word: float
    value: int
    why: str
    rank: int = 0
    is_bare: bool = False

    @property
    def is_sure(self) -> bool:
        return self.word >= 0.8 and self.value > 0 and not self.is_bare

    @property
    def score(self) -> tuple[float, int, int]:
        return self.word, self.value, -self.rank


def _word(header: str, meaning: Meaning, unused: Mapping[str, str]) -> tuple[float, str, int]:
    """Say how well a header fits a meaning (0 to 1), in words, and how far down the list its word stands."""
    tokens = header_tokens(header)
    keys = _keys(header)
    order = list(meaning.words)
    for key in keys:
        if key in meaning.words:
            rank = -1 if tokens[0] in ("lineitem", "line") else order.index(key)
            return 1.0, f"header '{header}' is {meaning.words[key]} for {meaning.name}", rank
    for key in keys:
        if key in meaning.weak_words:
            return 0.5, f"header '{header}' may be {meaning.name}", 0
    if any(key in unused for key in keys) or not tokens:
        return 0.0, "", 0
    if "(" in header and "%" not in header:
        outside, inside = re.sub(r"\(.*?\)", "", header), " ".join(re.findall(r"\((.*?)\)", header))
        for part in (outside, inside):
            for key in _keys(part):
                if key in meaning.words and not any(other in unused for other in _keys(part)):
                    return (
                        0.8,
                        f"'{part.strip()}' is {meaning.words[key]} for {meaning.name}",
                        order.index(key),
                    )
    for words, names in _CONTEXTS:
        if meaning.name not in names:
            continue
        rest = list(tokens)
        while len(rest) > 1 and rest[0] in words.split():
            rest = rest[1:]
            keys = _token_keys(rest)
            if any(key in unused for key in keys):
                return 0.0, "", 0
            for key in keys:
                if key in meaning.words:
                    return 0.8, f"'{' '.join(rest)}' of a {tokens[0]} is {meaning.name}", order.index(key)
    if any(_holds(tokens, key) for key in unused):
        return 0.0, "", 0
    if held := [key for key in meaning.words if _holds(tokens, key)]:
        return 0.4, f"header '{header}' holds the word '{held[0]}'", 0
    joined = "".join(tokens)
    if len(joined) >= 6 and (close := difflib.get_close_matches(joined, meaning.words, 1, 0.88)):
        return 0.3, f"header '{header}' is close to '{close[0]}'", 0
    return 0.0, "", 0


@cache
def _long_words(key: str) -> frozenset[str]:
    words = frozenset(key.split())
    return words if all(len(word) > 2 for word in words) and not words <= _ENTITIES else frozenset()


def _holds(tokens: Sequence[str], key: str) -> bool:
    words = _long_words(key)
    return bool(words) and words <= set(tokens)


_Judge = Callable[[ColumnFacts], int]


def _is(facts: ColumnFacts, *kinds: str, share: float = 0.9) -> bool:
    return any(facts.kinds[kind] >= share for kind in kinds)


def _is_moment(facts: ColumnFacts) -> bool:
    return (
        _is(facts, "timestamp") or _is(facts, "date") or facts.kinds["timestamp"] + facts.kinds["date"] >= 0.9
    )


def _is_plain_number(facts: ColumnFacts) -> bool:
    return _is(facts, "decimal") and not _is(facts, "date")


def _identifier(facts: ColumnFacts) -> int:
    fractions = facts.kinds["decimal"] - facts.kinds["integer"] - 0.1
    if (_is_moment(facts) and not _is(facts, "integer")) or _is(facts, "time_of_day", "url"):
        return -1
    if fractions > 0 or ((facts.least or 0) < 0 and facts.kinds["integer"] > 0.5) or facts.mean_length > 80:
        return -1
    if facts.kinds["has_space"] > 0.5 and facts.kinds["has_digit"] < 0.5:
        return -1
    return int(facts.kinds["has_digit"] > 0.5 or (facts.kinds["has_space"] < 0.1 and _is(facts, "email")))


def _code_or_name(facts: ColumnFacts) -> int:
    """Judge codes of products and orders, which are no e-mail addresses."""
    return -1 if _is(facts, "email", share=0.5) else _identifier(facts)


def _label(facts: ColumnFacts) -> int:
    if _is(facts, "decimal", "email", "url", "timestamp", "date", "time_of_day", share=0.7):
        return -1
    return 1


def _class(facts: ColumnFacts) -> int:
    if _is(facts, "email", "url", "timestamp", "time_of_day", share=0.7) or facts.mean_length > 100:
        return -1
    if _is(facts, "decimal"):
        return 0 if _is(facts, "integer") else -1
    return int(facts.distinct > 1)


def _place(facts: ColumnFacts) -> int:
    return -1 if facts.kinds["has_digit"] > 0.3 or _is(facts, "email", share=0.3) else 1


def _between(least: float, most: float, *, whole: bool = True) -> _Judge:
    def judge(facts: ColumnFacts) -> int:
        fits = _is(facts, "integer") if whole else _is_plain_number(facts)
        if not fits or facts.least is None or facts.most is None:
            return -1
        return 1 if least <= facts.least and facts.most <= most else -1

    return judge


def _rate(facts: ColumnFacts) -> int:
    if not _is_plain_number(facts):
        return -1
    return int(_between(-1, 1, whole=False)(facts) > 0 and not facts.kinds["percent"])


def _money_off(facts: ColumnFacts) -> int:
    if not _is_plain_number(facts) or facts.kinds["percent"] > 0.1:
        return -1
    rates = {number for number in map(_number, facts.sample) if number}
    if len(rates) > 1 and all(0 < rate < 1 for rate in rates):
        return -1 if all(abs(rate * 20 - round(rate * 20)) < 1e-9 for rate in rates) else 1
    return 1


def _enumerated(kind: str, most: int, *, also: str | None = None) -> _Judge:
    def judge(facts: ColumnFacts) -> int:
        if _is(facts, kind) or (facts.kinds[kind] >= 0.5 and facts.distinct <= most):
            return 1
        near = facts.kinds[also] > 0 if also else kind == "channel"
        return 0 if near and facts.distinct <= most else -1

    return judge


_JUDGES: dict[str, _Judge] = {
    "order_id": _code_or_name,
    "product_id": _code_or_name,
    "customer_id": _identifier,
    "visit_id": _code_or_name,
    "ordered_at": lambda facts: 1 if _is_moment(facts) and not _is(facts, "date") else -1,
    "ordered_on": lambda facts: 1 if _is(facts, "date") else -1,
    "started_at": lambda facts: 1 if _is_moment(facts) else -1,
    "date_day": lambda facts: 1 if _is_moment(facts) else -1,
    "ordered_time": lambda facts: 1 if _is(facts, "time_of_day") else -1,
    "line_number": _between(0, 1_000_000),
    "quantity": _between(-1e6, 1e6, whole=False),
    "unit_price": lambda facts: 1 if _is_plain_number(facts) and facts.kinds["percent"] < 0.1 else -1,
    "amount": lambda facts: 1 if _is_plain_number(facts) and facts.kinds["percent"] < 0.1 else -1,
    "discount": _money_off,
    "channel": _enumerated("channel", 15),
    "store": lambda facts: -1 if _is_moment(facts) or _is(facts, "email", "url", "time_of_day") else 1,
    "country": _place,
    "city": _place,
    "currency": lambda facts: 1 if _is(facts, "currency") else -1,
    "is_return": _enumerated("flag", 6, also="return"),
    "has_consented": _enumerated("flag", 4),
    "product_name": _label,
    "super_category": _class,
    "category": _class,
    "subcategory": _class,
    "margin": _rate,
    "stock": lambda facts: 1 if _is_plain_number(facts) else -1,
    "gender": _enumerated("gender", 6, also="title"),
    "birth_year": _between(1900, 2100),
    "age": _between(0, 120),
    "age_band": lambda facts: 1 if facts.kinds["age_band"] >= 0.5 else 0 if _is(facts, "integer") else -1,
    "email": lambda facts: 1 if _is(facts, "email", share=0.8) else -1,
    "page_views": _between(0, 1e6),
    "seconds": _between(0, 1e7),
    "traffic_source": _label,
    "device": _label,
    "mean_temperature": _between(-80, 140, whole=False),
    "rainfall": _between(0, 2000, whole=False),
}


def _judged(facts: ColumnFacts, meaning: Meaning) -> int:
    if not facts.filled:
        return 0
    return _JUDGES[meaning.name](facts)


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
    kind = next((name for kind, name in names.items() if facts.kinds[kind] >= 0.9), "text")
    spread = (
        f", {facts.least:,.10g} to {facts.most:,.10g}"
        if "numbers" in kind and facts.least is not None and facts.most is not None
        else ""
    )
    return f"{kind}{spread}, {facts.distinct:,} distinct"


# ---------- proposals


def propose(files: Mapping[str, Sequence[ColumnFacts]], forms: Sequence[Form]) -> Recognition:
    """Propose the form of a shop's files, which table each is, and what each of its columns means.

    Parameters
    ----------
    files : mapping
        Name of each file (or sheet) -> the facts of its columns, as `look_at` gives them.
    forms : sequence of Form
        The forms there are; one of them is named "orders" and takes what fits no other.

    Returns
    -------
    Recognition
        A form other than "orders" only where the headers of every file fit its tables exactly.
    """
    for form in forms:
        if form.name == GENERAL_FORM:
            continue
        fits = {file: _exact(form, facts) for file, facts in files.items()}
        if fits and all(fits.values()):
            found = tuple(
                FileProposal(file, fit[0].table, fit, ()) for file, fit in fits.items() if fit is not None
            )
            return Recognition(form.name, found)
    general = next(form for form in forms if form.name == GENERAL_FORM)
    return Recognition(
        GENERAL_FORM, tuple(_propose_file(file, facts, general) for file, facts in files.items())
    )


def _exact(form: Form, facts: Sequence[ColumnFacts]) -> tuple[Proposal, ...] | None:
    """Propose the columns of a file whose headers are exactly those of one of the form's tables."""
    for table in form.tables:
        meant = {
            column.name: at
            for column in table.columns
            for at, each in enumerate(facts)
            if any(key in column.words for key in _keys(each.header))
        }
        if all(column.name in meant for column in table.columns if column.is_required):
            names = {at: name for name, at in meant.items()}
            why = f"the headers are those of {form.name}"
            return tuple(
                Proposal(table.name, each.header, names.get(at), True, why) for at, each in enumerate(facts)
            )
    return None


def _propose_file(file: str, facts: Sequence[ColumnFacts], form: Form) -> FileProposal:
    if facts and all(re.fullmatch(r"column_\d+", each.header) for each in facts):
        return _without_header(file, facts, form)
    assigned = {table.name: _assign(facts, table, form) for table in form.tables}
    table = max(form.tables, key=lambda each: _fit(file, facts, each, assigned[each.name]))
    chosen = assigned[table.name]
    if len(chosen) < 2:
        columns = tuple(
            Proposal("", each.header, None, False, "the file is none of our tables") for each in facts
        )
        return FileProposal(file, None, columns, ())
    others: dict[int, _Match] = {}
    if table.name == "order_lines":
        for other in form.tables:
            if other.name in ("products", "customers"):
                known = {column.name for column in table.columns}
                left = [column for column in other.columns if column.name not in known]
                more = _assign(facts, replace(other, columns=tuple(left)), form)
                others.update({match.at: match for match in more.values() if match.word >= 0.5})
    by_column = {**others, **{match.at: match for match in chosen.values()}}
    columns = tuple(_proposal(each, by_column.get(at), table, form) for at, each in enumerate(facts))
    return FileProposal(file, table.name, columns, _still_open(table, chosen, facts, form))


def _proposal(facts: ColumnFacts, match: _Match | None, table: Table, form: Form) -> Proposal:
    if match:
        why = f"{match.why}; {describe(facts)}"
        return Proposal(match.meaning.table, facts.header, match.meaning.name, match.is_sure, why)
    reason = next((form.unused[key] for key in _keys(facts.header) if key in form.unused), None)
    why = f"{reason}" if reason else f"no word known that fits; {describe(facts)}"
    return Proposal(table.name, facts.header, None, bool(reason), why)


def _still_open(
    table: Table, chosen: Mapping[str, _Match], facts: Sequence[ColumnFacts], form: Form
) -> tuple[Open, ...]:
    needed = [(column.name,) for column in table.columns if column.is_required]
    by_name = {column.name: column for column in table.columns}
    taken = {match.at for match in chosen.values() if match.is_sure}
    still = []
    for names in (*needed, *table.one_of):
        if any(name in chosen and chosen[name].is_sure for name in names):
            continue
        candidates = [
            each.header
            for at, each in enumerate(facts)
            if at not in taken
            and each.filled
            and any(
                _word(each.header, by_name[name], form.unused)[0] > 0
                or (
                    _judged(each, by_name[name]) > 0
                    and not any(key in form.unused for key in _keys(each.header))
                )
                for name in names
            )
        ]
        still.append(Open(table.name, names, tuple(candidates)))
    return tuple(still)


def _fit(file: str, facts: Sequence[ColumnFacts], table: Table, chosen: Mapping[str, _Match]) -> float:
    """Say how well a file fits a table: what was found, less what is missing, by its name and its grain."""
    found = sum(1.0 if match.is_sure else 0.4 for match in chosen.values())
    missing = sum(column.is_required and column.name not in chosen for column in table.columns)
    missing += sum(not any(name in chosen for name in names) for names in table.one_of)
    stem = unicodedata.normalize("NFC", re.sub(r"^.*[/\\]", "", file)).casefold()
    named = any(fnmatchcase(stem, pattern.casefold() + "*") for pattern in table.files)
    key = [chosen[name].at for name in table.key if name in chosen]
    repeats = bool(key) and facts[key[0]].distinct < 0.98 * facts[key[0]].filled * facts[key[0]].rows
    return found - missing + named - 3 * repeats


def _assign(facts: Sequence[ColumnFacts], table: Table, form: Form) -> dict[str, _Match]:
    """Give each meaning of a table its best column, and each column one meaning."""
    matches = []
    for at, each in enumerate(facts):
        known = [_match(at, each, meaning, form) for meaning in table.columns]
        possible = [match for match in known if match is not None]
        strong = {match.meaning.name for match in possible if match.word == 1.0}
        best = max((match.word for match in possible), default=0.0)
        matches += [
            replace(match, is_bare=len(strong - {"ordered_at", "ordered_on"}) > 1)
            for match in possible
            if match.word >= min(best, 0.5)
        ]
    matches = _drop_by_order(facts, matches)
    if any(match.meaning.name == "quantity" for match in matches):
        matches = _settle_money(facts, matches)
    chosen: dict[str, _Match] = {}
    used: set[int] = set()
    for match in sorted(matches, key=lambda each: each.score, reverse=True):
        if match.meaning.name not in chosen and match.at not in used:
            chosen[match.meaning.name] = match
            used.add(match.at)
    return {name: _rivalled(match, matches, chosen, facts) for name, match in chosen.items()}


def _match(at: int, facts: ColumnFacts, meaning: Meaning, form: Form) -> _Match | None:
    word, why, rank = _word(facts.header, meaning, form.unused)
    value = _judged(facts, meaning)
    if not word or value < 0 or (not facts.filled and word < 0.8):
        return None
    return _Match(at, meaning, word, value, why, rank)


def _rivalled(
    match: _Match, matches: Sequence[_Match], chosen: Mapping[str, _Match], facts: Sequence[ColumnFacts]
) -> _Match:
    """Take the certainty from a match whose meaning another column, not used otherwise, has as good a claim to."""
    settled = {each.at for each in chosen.values()}
    rivals = [
        each
        for each in matches
        if each.meaning.name == match.meaning.name
        and each.at not in settled
        and each.word >= match.word
        and facts[each.at].sample != facts[match.at].sample
    ]
    if not rivals or not match.is_sure:
        return match
    names = ", ".join(f"'{facts[each.at].header}'" for each in rivals)
    return replace(match, is_bare=True, why=f"{match.why}, and so may be {names}")


# ---------- columns beside each other


def _numbers(facts: ColumnFacts) -> list[float | None]:
    return [_number(value) for value in facts.sample]


def _settle_money(facts: Sequence[ColumnFacts], matches: list[_Match]) -> list[_Match]:
    """Tell price and amount apart: the amount is quantity x price, less a discount where there is one."""
    quantity = max(
        (match for match in matches if match.meaning.name == "quantity"), key=lambda each: each.score
    )
    units = _numbers(facts[quantity.at])
    money = {
        name: {each.at: each for each in matches if each.meaning.name == name and each.at != quantity.at}
        for name in ("unit_price", "amount")
    }
    everything = {**money["unit_price"], **money["amount"]}
    meanings = {each.meaning.name: each.meaning for each in matches}
    discounts = [_numbers(facts[each.at]) for each in matches if each.meaning.name == "discount"]
    best: tuple[float, int, int] | None = None
    for price, amount in product(everything, everything):
        if price == amount or price in {quantity.at} or not {"unit_price", "amount"} <= set(meanings):
            continue
        if price not in money["unit_price"]:
            continue
        share = _share_that_multiplies(units, _numbers(facts[price]), _numbers(facts[amount]), discounts)
        if share >= 0.5:
            words = money["unit_price"][price].word + (
                money["amount"][amount].word if amount in money["amount"] else 0
            )
            if best is None or words + share > best[0]:
                best = words + share, price, amount
    rest = [each for each in matches if each.meaning.name not in money]
    if best:
        _, price, amount = best
        why = f"'{facts[amount].header}' is quantity x '{facts[price].header}'"
        return [
            *rest,
            _Match(price, meanings["unit_price"], 1.0, 1, f"{everything[price].why}; {why}"),
            _Match(amount, meanings["amount"], 1.0, 1, f"{everything[amount].why}; {why}"),
        ]
    return [*rest, *_settle_single(facts, units, money)]


def _share_that_multiplies(
    units: Sequence[float | None],
    prices: Sequence[float | None],
    amounts: Sequence[float | None],
    discounts: Sequence[Sequence[float | None]],
) -> float:
    """Give the share of rows, of those with more than one unit, whose amount is units x price (less a discount)."""
    fits = rows = 0
    for at, (unit, price, amount) in enumerate(zip(units, prices, amounts, strict=True)):
        if unit is None or price is None or amount is None or not price or unit in (0, 1):
            continue
        rows += 1
        off = [0.0, *(abs(each[at] or 0.0) for each in discounts)]
        fits += any(abs(abs(amount) - abs(unit * price) + each) <= 0.006 * max(1, abs(unit)) for each in off)
    return fits / rows if rows else 0.0


def _settle_single(
    facts: Sequence[ColumnFacts],
    units: Sequence[float | None],
    money: Mapping[str, Mapping[int, _Match]],
) -> list[_Match]:
    """Tell what a price is that has no amount beside it: the same whatever the quantity, or growing with it."""
    settled = []
    for name, columns in money.items():
        other = "amount" if name == "unit_price" else "unit_price"
        for at, match in columns.items():
            is_either = at in money[other]
            if not is_either:
                settled.append(match)
                continue
            grows = _grows_with(facts, units, at)
            if grows is None:
                settled.append(
                    replace(match, is_bare=match.is_bare or any(unit not in (1, None) for unit in units))
                )
            elif (grows and name == "amount") or (not grows and name == "unit_price"):
                why = "grows with the quantity" if grows else "stays the same whatever the quantity"
                settled.append(replace(match, word=1.0, why=f"{match.why}; {why}"))
    return settled


def _grows_with(facts: Sequence[ColumnFacts], units: Sequence[float | None], at: int) -> bool | None:
    """Say whether a product's value grows with its quantity; None where no column's groups tell."""
    values = _numbers(facts[at])
    votes = []
    for other, column in enumerate(facts):
        if other == at or column.kinds["decimal"] > column.kinds["integer"] or column.distinct < 2:
            continue
        groups: dict[str, set[tuple[float, float]]] = defaultdict(set)
        for key, unit, value in zip(column.sample, units, values, strict=True):
            if key is not None and unit and value is not None:
                groups[key].add((unit, value))
        several = [group for group in groups.values() if len({unit for unit, _ in group}) > 1]
        if not several:
            continue
        same = sum(len({value for _, value in group}) == 1 for group in several) / len(several)
        even = sum(len({round(value / unit, 2) for unit, value in group}) == 1 for group in several) / len(
            several
        )
        votes.append((max(same, even), even > same))
    best = max(votes, default=None)
    return best[1] if best and best[0] >= 0.6 else None


def _drop_by_order(facts: Sequence[ColumnFacts], matches: list[_Match]) -> list[_Match]:
    """Drop what the lines of an order contradict.

    A sum that all lines of an order repeat, or that only its first has, is the order's own; a number that counts an
    order's lines is no product; one that no two orders share counts the rows of the file.
    """
    orders = max(
        (match for match in matches if match.meaning.name == "order_id"),
        key=lambda each: each.score,
        default=None,
    )
    if orders is None:
        return matches

    def contradicts(match: _Match) -> bool:
        groups = _by_order(facts[orders.at], facts[match.at])
        name = match.meaning.name
        if name in ("amount", "discount", "unit_price"):
            return _once_an_order(groups) or (name == "amount" and _repeats(groups))
        if name == "product_id":
            return _counts_lines(groups)
        return name == "line_number" and bool(groups) and facts[match.at].distinct == facts[match.at].rows

    return [match for match in matches if match is orders or not contradicts(match)]


def _by_order(orders: ColumnFacts, values: ColumnFacts) -> list[list[str | None]]:
    """Group the sample's values by order; of orders with several lines only."""
    groups: dict[str, list[str | None]] = defaultdict(list)
    for order, value in zip(orders.sample, values.sample, strict=True):
        if order is not None:
            groups[order].append(value)
    return [group for group in groups.values() if len(group) > 1]


def _repeats(groups: Sequence[Sequence[str | None]]) -> bool:
    return len(groups) > 1 and all(len(set(group)) == 1 for group in groups)


def _once_an_order(groups: Sequence[Sequence[str | None]]) -> bool:
    return bool(groups) and all(sum(value is not None for value in group) <= 1 for group in groups)


def _counts_lines(groups: Sequence[Sequence[str | None]]) -> bool:
    counted = [[_number(value) for value in group] for group in groups]
    first = {group[0] for group in counted}
    return (
        bool(counted)
        and first <= {0, 1, 10, 10_000}
        and all(
            None not in group and group == sorted(set(group), key=lambda each: each or 0.0)
            for group in counted
        )
    )


def _without_header(file: str, facts: Sequence[ColumnFacts], form: Form) -> FileProposal:
    """Propose the columns of a file of order lines that names none; nothing of it is sure."""
    table = next(each for each in form.tables if each.name == "order_lines")
    days = next((each for each in facts if _is_moment(each)), None)
    meant: dict[int, str] = {}
    for at, each in enumerate(facts):
        fraction = each.kinds["decimal"] - each.kinds["integer"] > 0.1
        if each is days:
            name = "ordered_on" if _is(each, "date") else "ordered_at"
        elif _is(each, "time_of_day"):
            name = "ordered_time"
        elif _is(each, "decimal") and fraction:
            name = "amount"
        elif _is(each, "integer") and each.mean_length < 3 and (each.most or 0) < 1000:
            name = "quantity"
        elif (
            days
            and _identifier(each) >= 0
            and each.distinct < each.rows
            and not _repeats(_by_order(each, days))
        ):
            name = "customer_id"
        elif _identifier(each) > 0 and each.distinct < each.rows:
            name = "order_id"
        else:
            continue
        if name not in meant.values():
            meant[at] = name
    columns = tuple(
        Proposal(table.name, each.header, meant.get(at), False, f"no header; {describe(each)}")
        for at, each in enumerate(facts)
    )
    return FileProposal(file, table.name, columns, _still_open(table, {}, facts, form))


def read_forms(documents: Iterable[Mapping[str, Any]]) -> list[Form]:
    """Take what recognition needs from the parsed sources yml of several forms."""
    return [read_form(document) for document in documents]
