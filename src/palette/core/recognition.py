"""Recognises what the columns of a shop's files mean, by their headers and by their values.

What is known of each column (its kind, the words for it in several languages) is declared in dbt's own
``models/staging/<form>/_<form>__sources.yml`` under ``config: meta:``. A meaning is called sure only where
header and values both say so; everything else is proposed to be confirmed, or left open.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from itertools import product

from palette.core.column_facts import ColumnFacts, describe, number
from palette.core.column_judges import identifier, is_moment, judged, looks
from palette.core.header_words import Form, Meaning, Table, header_keys, header_tokens, token_keys

GENERAL_FORM = "orders"

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
        {
            "lineitem",
            "line",
            "item",
            "items",
            "variant",
            "product",
            "article",
            "artikel",
            "produkt",
            "produit",
        }
        | {"producto", "articulo", "상품", "position", "pos", "detail", "품목"},
        _LINE | _PRODUCT,
    ),
    (
        {"order", "orders", "transaction", "sale", "sales", "invoice", "receipt", "purchase", "basket"}
        | {"bestell", "auftrags", "주문"},
        _ORDER | {"currency"},
    ),
    (
        {
            "customer",
            "buyer",
            "client",
            "member",
            "user",
            "shopper",
            "kunden",
            "cliente",
            "고객",
            "회원",
            "구매자",
        }
        | {"default", "address"},
        _PERSON | {"has_consented"},
    ),
)


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


_Word = tuple[float, str, int]
_NO_WORD: _Word = (0.0, "", 0)


def _word(header: str, meaning: Meaning, form: Form) -> _Word:
    """Say how well a header fits a meaning (0 to 1), in words, and how far down the list its word stands."""
    tokens, keys = header_tokens(header), header_keys(header)
    if not tokens:
        return _NO_WORD
    if (found := _known(keys, meaning)) is not None:
        word, rank = found
        why = f"header '{header}' is {word} for {meaning.name}"
        return 1.0, why, -1 if tokens[0] in ("lineitem", "line") else rank
    if not meaning.weak_words.isdisjoint(keys):
        return 0.5, f"header '{header}' may be {meaning.name}", 0
    if any(key in form.unused for key in keys):
        return _NO_WORD
    if meaning.name == "quantity" and len(tokens) > 2 and tokens[:2] in _COUNTS:
        return 0.8, f"header '{header}' counts {' '.join(tokens[2:])}", 0
    for part, part_keys in _parts(header, tokens, meaning.name):
        if any(key in form.unused for key in part_keys):
            return _NO_WORD
        if (found := _known(part_keys, meaning)) is not None:
            return 0.8, f"'{part}' of header '{header}' is {found[0]} for {meaning.name}", found[1]
    if _hold(tokens, form.unused_phrases):
        return _NO_WORD
    if held := _hold(tokens, meaning.phrases):
        return 0.4, f"header '{header}' holds '{held}'", 0
    joined = "".join(tokens)
    if len(joined) >= 6 and (close := difflib.get_close_matches(joined, meaning.words, 1, 0.88)):
        return 0.3, f"header '{header}' is close to '{close[0]}'", 0
    return _NO_WORD


_COUNTS = (("id", "of"), ("nombre", "de"), ("id", "de"))  # "number", "no" and their like all come to "id"


def _known(keys: Sequence[str], meaning: Meaning) -> tuple[str, int] | None:
    found = next((key for key in keys if key in meaning.words), None)
    return None if found is None else (meaning.words[found], list(meaning.words).index(found))


def _parts(header: str, tokens: Sequence[str], name: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what a header says outside brackets, in them, after a slash, and after what it belongs to."""
    if "(" in header and "%" not in header:
        outside, inside = re.sub(r"\(.*?\)", "", header).strip(), " ".join(re.findall(r"\((.*?)\)", header))
        yield outside, header_keys(outside)
        yield inside, header_keys(inside)
    if "/" in header:
        last = header.rsplit("/", 1)[1].strip()
        yield last, header_keys(last)
    for owners, names in _CONTEXTS:
        rest = list(tokens)
        while name in names and len(rest) > 1 and rest[0] in owners:
            rest.pop(0)
            yield " ".join(rest), token_keys(rest)


@cache
def _hold(tokens: tuple[str, ...], phrases: tuple[frozenset[str], ...]) -> str:
    """Give the first of the phrases whose words a header all holds, in the header's order; "" if none."""
    words = set(tokens)
    held = next((phrase for phrase in phrases if phrase <= words), frozenset[str]())
    return " ".join(token for token in tokens if token in held)


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
            if any(key in column.words for key in header_keys(each.header))
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
    possible = [each for each in form.tables if len(assigned[each.name]) > 1]
    if not possible:
        why = "the file is none of our tables"
        return FileProposal(
            file, None, tuple(Proposal("", each.header, None, False, why) for each in facts), ()
        )
    table = max(possible, key=lambda each: _fit(file, facts, each, assigned[each.name]))
    chosen = assigned[table.name]
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
    reason = next((form.unused[key] for key in header_keys(facts.header) if key in form.unused), None)
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
                _word(each.header, by_name[name], form)[0] > 0
                or (
                    judged(each, by_name[name]) > 0
                    and not any(key in form.unused for key in header_keys(each.header))
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
    matches = _drop_no_keys(facts, matches, table) if table.key else _drop_by_order(facts, matches)
    if any(match.meaning.name == "quantity" for match in matches):
        matches = _settle_money(facts, matches)
    chosen: dict[str, _Match] = {}
    used: set[int] = set()
    for match in sorted(matches, key=lambda each: each.score, reverse=True):
        if match.meaning.name not in chosen and match.at not in used:
            chosen[match.meaning.name] = match
            used.add(match.at)
    rivalled = {name: _rivalled(match, matches, chosen, facts) for name, match in chosen.items()}
    return _doubt_orders(facts, rivalled)


def _match(at: int, facts: ColumnFacts, meaning: Meaning, form: Form) -> _Match | None:
    word, why, rank = _word(facts.header, meaning, form)
    value = judged(facts, meaning)
    if not word or value < 0 or (not facts.filled and word < 0.8):
        return None
    return _Match(at, meaning, word, value, why, rank)


def _rivalled(
    match: _Match, matches: Sequence[_Match], chosen: Mapping[str, _Match], facts: Sequence[ColumnFacts]
) -> _Match:
    """Take the certainty from a match where another column, of no other use, has as good a claim."""
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
    return [number(value, facts.decimal_mark) for value in facts.sample]


def _settle_money(facts: Sequence[ColumnFacts], matches: list[_Match]) -> list[_Match]:
    """Tell price and amount apart: the amount is quantity x price, less a discount where there is one."""
    quantity = max((each for each in matches if each.meaning.name == "quantity"), key=lambda each: each.score)
    units = _numbers(facts[quantity.at])
    money = {
        name: {each.at: each for each in matches if each.meaning.name == name and each.at != quantity.at}
        for name in ("unit_price", "amount")
    }
    meanings = {each.meaning.name: each.meaning for each in matches}
    discounts = [each for each in matches if each.meaning.name == "discount"]
    offs = [_numbers(facts[each.at]) for each in discounts]
    words = {at: match.word for columns in money.values() for at, match in columns.items()}
    pairs = [
        (share, price, amount)
        for price, amount in product(money["unit_price"], words)
        if price != amount
        and (share := _multiplies(units, _numbers(facts[price]), _numbers(facts[amount]), offs)) is not None
    ]
    rest = [each for each in matches if each.meaning.name not in money]
    fitting = [each for each in pairs if each[0] >= 0.5]
    if fitting and "amount" in meanings:

        def claim(pair: tuple[float, int, int]) -> tuple[float, float]:
            share, price, amount = pair
            own = money["amount"][amount].word if amount in money["amount"] else 0.0
            return money["unit_price"][price].word + own + share, own

        share, price, amount = max(fitting, key=claim)
        why = f"'{facts[amount].header}' is quantity x '{facts[price].header}' on {share:.0%} of the lines"
        return [
            *(each for each in rest if not _is_rate(each, facts, units, price, amount)),
            *(
                _Match(at, meanings[name], 1.0, 1, why, is_bare=words[at] < 0.5 or share < 0.8)
                for name, at in (("unit_price", price), ("amount", amount))
            ),
        ]
    why = "quantity x price is no amount here"
    products = {each.at for each in rest if each.meaning.name in ("product_id", "product_name")}
    single = _settle_single(facts, units, money, products)
    return [
        *rest,
        *(replace(each, is_bare=True, why=f"{each.why}; {why}") if pairs else each for each in single),
    ]


def _multiplies(
    units: Sequence[float | None],
    prices: Sequence[float | None],
    amounts: Sequence[float | None],
    discounts: Sequence[Sequence[float | None]],
) -> float | None:
    """Give the share of lines of several units whose amount is units x price less a discount, if any."""
    fits = rows = 0
    for at, (unit, price, amount) in enumerate(zip(units, prices, amounts, strict=True)):
        if unit is None or price is None or amount is None or not price or unit in (0, 1):
            continue
        rows += 1
        offs = [0.0, *(abs(each[at] or 0.0) for each in discounts)]
        full, paid = abs(unit * price), abs(amount)
        fits += any(abs(paid - full + off) <= 0.006 * max(1, abs(unit)) for off in offs)
    return fits / rows if rows else None


def _is_rate(
    match: _Match, facts: Sequence[ColumnFacts], units: Sequence[float | None], price: int, amount: int
) -> bool:
    """Tell whether what looks like money off is a rate by which the amount is below quantity x price."""
    if match.meaning.name != "discount":
        return False
    money = rates = 0
    columns = zip(units, *(_numbers(facts[at]) for at in (price, amount, match.at)), strict=True)
    for unit, each, paid, off in columns:
        if unit and each and paid is not None and off:
            full, tolerance = abs(unit * each), 0.006 * max(1, abs(unit))
            money += abs(full - abs(off) - abs(paid)) <= tolerance
            rates += any(abs(full * (1 - abs(off) / whole) - abs(paid)) <= tolerance for whole in (1, 100))
    return rates > money


def _settle_single(
    facts: Sequence[ColumnFacts],
    units: Sequence[float | None],
    money: Mapping[str, Mapping[int, _Match]],
    products: Collection[int],
) -> list[_Match]:
    """Tell what a price without an amount is: the same whatever the quantity, or growing with it."""
    settled = []
    for name, columns in money.items():
        other = "amount" if name == "unit_price" else "unit_price"
        for at, match in columns.items():
            is_either = at in money[other]
            if not is_either:
                settled.append(match)
                continue
            grows = _grows_with(facts, units, at, products)
            if grows is None:
                settled.append(
                    replace(match, is_bare=match.is_bare or any(unit not in (1, None) for unit in units))
                )
            elif (grows and name == "amount") or (not grows and name == "unit_price"):
                why = "grows with the quantity" if grows else "stays the same whatever the quantity"
                settled.append(replace(match, word=1.0, why=f"{match.why}; {why}"))
    return settled


def _grows_with(
    facts: Sequence[ColumnFacts], units: Sequence[float | None], at: int, products: Collection[int]
) -> bool | None:
    """Say whether a product's value grows with its quantity; None where no product's lines tell."""
    values = _numbers(facts[at])
    votes = []
    for column in (facts[each] for each in products if each != at):
        groups: dict[str, set[tuple[float, float]]] = defaultdict(set)
        for key, unit, value in zip(column.sample, units, values, strict=True):
            if key is not None and unit and value is not None:
                groups[key].add((unit, value))
        several = [group for group in groups.values() if len({unit for unit, _ in group}) > 1]
        if not several:
            continue
        same = sum(len({value for _, value in group}) == 1 for group in several)
        even = sum(len({round(value / unit, 2) for unit, value in group}) == 1 for group in several)
        votes.append((abs(even - same) / len(several), even > same))
    difference, grows = max(votes, default=(0.0, False))
    return grows if difference >= 0.3 else None


def _drop_no_keys(facts: Sequence[ColumnFacts], matches: list[_Match], table: Table) -> list[_Match]:
    """Of several columns that may be a table's key, drop those that repeat where another does not."""
    keys = [each for each in matches if each.meaning.name in table.key and each.word >= 0.8]
    unique = [each for each in keys if facts[each.at].distinct == facts[each.at].rows]
    return [each for each in matches if not unique or each not in keys or each in unique]


def _doubt_orders(facts: Sequence[ColumnFacts], chosen: dict[str, _Match]) -> dict[str, _Match]:
    """Take the certainty from an order's number where its lines have several customers or days."""
    orders = chosen.get("order_id")
    for name in ("customer_id", "ordered_at", "ordered_on"):
        if orders is None or name not in chosen or not orders.is_sure:
            continue
        groups = _by_order(facts[orders.at], facts[chosen[name].at])
        if sum(len(set(group) - {None}) > 1 for group in groups) > 0.1 * len(groups):
            why = f"but lines of one have several '{facts[chosen[name].at].header}'"
            chosen = {
                **chosen,
                "order_id": replace(orders, is_bare=True, why=f"{orders.why}, {why}"),
                name: replace(chosen[name], is_bare=True),
            }
    return chosen


def _drop_by_order(facts: Sequence[ColumnFacts], matches: list[_Match]) -> list[_Match]:
    """Drop what the lines of an order contradict.

    A sum that all lines of an order repeat, or that only its first has, is the order's own; a number that
    counts an order's lines is no product; one that no two orders share counts the rows of the file.
    """
    orders = max(
        (match for match in matches if match.meaning.name == "order_id"),
        key=lambda each: each.score,
        default=None,
    )
    matches = [each for each in matches if each.word >= 0.8 or not _counts_rows(facts[each.at])]
    if orders is None:
        return matches

    def contradicts(match: _Match) -> bool:
        groups = _by_order(facts[orders.at], facts[match.at])
        name = match.meaning.name
        if name in ("amount", "discount", "unit_price"):
            is_loose = name == "amount" or match.word < 0.8
            return _once_an_order(groups) or (is_loose and _repeats(groups))
        if name == "product_id":
            return _counts_lines(groups)
        return name == "line_number" and 1 < facts[match.at].rows == facts[match.at].distinct

    return [match for match in matches if match is orders or not contradicts(match)]


def _counts_rows(facts: ColumnFacts) -> bool:
    numbers = _numbers(facts)
    return len(numbers) > 2 and numbers in ([*range(len(numbers))], [*range(1, len(numbers) + 1)])


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
    counted = [[number(value) for value in group] for group in groups]
    first = {group[0] for group in counted}
    return (
        bool(counted)
        and first <= {0, 1, 10, 10_000}
        and all(
            None not in group and group == sorted(set(group), key=lambda each: each or 0.0)
            for group in counted
        )
    )


def _has_leading_zero(facts: ColumnFacts) -> bool:
    return any(value is not None and re.fullmatch(r"0\d+", value) for value in facts.sample)


def _without_header(file: str, facts: Sequence[ColumnFacts], form: Form) -> FileProposal:
    """Propose the columns of a file of order lines that names none; nothing of it is sure."""
    table = next(each for each in form.tables if each.name == "order_lines")
    days = next((each for each in facts if is_moment(each)), None)
    meant: dict[int, str] = {}
    for at, each in enumerate(facts):
        fraction = each.kinds["decimal"] - each.kinds["integer"] > 0.1
        if each is days:
            name = "ordered_on" if looks(each, "date") else "ordered_at"
        elif looks(each, "time_of_day"):
            name = "ordered_time"
        elif looks(each, "decimal") and fraction:
            name = "amount"
        elif looks(each, "integer") and (each.most or 0) < 1000 and not _has_leading_zero(each):
            name = "quantity"
        elif (
            days
            and identifier(each) >= 0
            and each.distinct < each.rows
            and not _repeats(_by_order(each, days))
        ):
            name = "customer_id"
        elif identifier(each) > 0 and each.distinct < each.rows:
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
