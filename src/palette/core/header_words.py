"""The words that columns are known under: how headers are compared, and what the source ymls declare."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

_LANGUAGES = {"en": "English", "ko": "Korean", "de": "German", "fr": "French", "es": "Spanish"}

_ID = re.compile(
    "no|nr|num|nbr|numbers?|nummer|numero|codes?|cd|codigo|cod|key|ref|reference|referencia|clave|uid"
    "|ident|identifier|identifiant|identificador|kennung|번호|코드|아이디"
)
_SAME = {
    "amt": "amount",
    "anz": "anzahl",
    "betr": "betrag",
    "bez": "bezeichnung",
    "cat": "category",
    "curr": "currency",
    "cust": "customer",
    "desc": "description",
    "descr": "description",
    "disc": "discount",
    "dt": "date",
    "hh": "household",
    "inv": "invoice",
    "ord": "order",
    "pct": "percent",
    "prc": "price",
    "prod": "product",
    "prozent": "percent",
    "qty": "quantity",
    "trans": "transaction",
    "trx": "transaction",
    "ts": "timestamp",
    "txn": "transaction",
}
_FILLER = re.compile("of|the|de|du|des|del|la|le|les|el|los|der|die|das|d|l|a|an|and|y|et|und")
_ID_ENDING = re.compile(r"(.{2,})(?:nummer|number|nr|code|번호|코드|아이디)")
_ID_NO = re.compile(
    r"(order|invoice|customer|cust|product|item|article|receipt|line|store|member|bill|ticket)(?:no|num)"
)
_UNITS = r"€|\$|£|¥|₩|원|eur|usd|gbp|krw|chf|jpy|kg|g|ml|l|st|stk|pcs|mm|°c|c|s|sec|seconds|in|h|min|cm"
_UNIT = re.compile(rf"\s*(?:[(\[]\s*(?:in\s+)?(?:{_UNITS})\s*[)\]]|\bin\s+(?:{_UNITS}))\s*$", re.IGNORECASE)
_CURRENCY_TOKENS = frozenset(["eur", "usd", "gbp", "krw", "chf", "jpy"])
_HUMP = re.compile(r"(?<=[a-z0-9ß-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


_ENTITIES = frozenset(
    {"product", "item", "article", "order", "customer", "client", "sale", "sales", "transaction", "invoice"}
    | {"line", "date", "time", "store", "name"}
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
            tokens += [_SAME.get(ending[1], ending[1]), "id"]
        elif token.endswith("bez") and len(token) > 4:
            tokens += [token[:-3], "bezeichnung"]
        else:
            tokens.append("id" if _ID.fullmatch(token) else _SAME.get(token, token))
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


def read_form(document: Mapping[str, Any]) -> Form:
    """Take what recognition needs from a parsed ``_<form>__sources.yml`` with one source.

    A column without ``config: meta:`` is text, required, and known under its own name alone.
    """
    (source,) = document["sources"]
    unused = {
        key: group["why"]
        for group in _meta(source).get("unused", ())
        for words in group["headers"].values()
        for word in _split(words)
        for key in header_keys(word)
    }
    return Form(source["name"], tuple(map(_read_table, source["tables"])), unused, _phrases(unused))


def _read_table(table: Mapping[str, Any]) -> Table:
    meta = _meta(table)
    columns = tuple(_read_column(table["name"], column) for column in table["columns"])
    one_of = tuple(map(tuple, meta.get("one_of", ())))
    return Table(table["name"], tuple(meta.get("files", ())), tuple(meta.get("key", ())), one_of, columns)


def _read_column(table: str, column: Mapping[str, Any]) -> Meaning:
    meta = _meta(column)
    words: dict[str, str] = dict.fromkeys(header_keys(column["name"]), "our own word")
    headers = meta.get("headers", {})
    for word in headers if isinstance(headers, list) else []:
        words |= dict.fromkeys(header_keys(word), "its own word")
    for language, known in headers.items() if isinstance(headers, dict) else []:
        for word in _split(known):
            for key in header_keys(word):
                words.setdefault(key, f"a {_LANGUAGES.get(language, language)} word".replace("a E", "an E"))
    words.pop("id", None)  # what all of "number", "code" and "reference" come to
    weak = frozenset(key for word in _split(meta.get("weak_headers", "")) for key in header_keys(word))
    return Meaning(
        table,
        column["name"],
        meta.get("kind", "text"),
        meta.get("is_required", True),
        words,
        weak,
        _phrases(words),
    )


def _split(words: str) -> list[str]:
    """Take words apart. They are one text, as dbt renders each text of a yml as a template of its own."""
    return words.split(", ") if words else []


def _phrases(keys: Iterable[str]) -> tuple[frozenset[str], ...]:
    sets = dict.fromkeys(frozenset(key.split()) for key in keys)
    return tuple(each for each in sets if not each <= _ENTITIES and all(len(word) > 2 for word in each))


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = (node.get("config") or {}).get("meta") or {}
    return meta


@cache
def header_keys(header: str) -> tuple[str, ...]:
    """Give the keys that two headers of the same words have in common: as written, and in any order."""
    tokens = header_tokens(header)
    umlauts = header_tokens(re.sub("[äöüÄÖÜ]", lambda match: match[0] + "e", header))
    return tuple(dict.fromkeys(key for each in (tokens, umlauts) for key in token_keys(each)))


def token_keys(tokens: Sequence[str]) -> tuple[str, ...]:
    """Join words as they stand, without fillers, and in the order of the alphabet."""
    telling = [token for token in tokens if not _FILLER.fullmatch(token)] or list(tokens)
    return "".join(tokens), "".join(telling), " ".join(sorted(telling))


def read_forms(documents: Iterable[Mapping[str, Any]]) -> list[Form]:
    """Take what recognition needs from the parsed sources yml of several forms."""
    return [read_form(document) for document in documents]


@dataclass(frozen=True)
class Meaning:
    """One column of a source table, as its yml declares it.

    Attributes
    ----------
    words : mapping
        Key of a known header -> how to call it, as "a German word"; the most telling first.
    weak_words : frozenset of str
        Keys of headers that may mean it, if the values say so.
    phrases : tuple of frozenset
        The known headers as sets of words, of those that tell something within a longer header.
    """

    table: str
    name: str
    kind: str
    is_required: bool
    words: Mapping[str, str]
    weak_words: frozenset[str]
    phrases: tuple[frozenset[str], ...]


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
    unused_phrases: tuple[frozenset[str], ...]
