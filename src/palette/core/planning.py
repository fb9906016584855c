"""Plans a declaration: what the columns of a shop's files are taken for, and how their values are written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from rich.table import Column, Table

from palette.core.column_facts import ColumnFacts, look_at
from palette.core.declarations import FILE, NO_CURRENCY, Csv, Declared, Retailer, declare
from palette.core.errors import InputError
from palette.core.forms import Form, SourceTable, documents, forms
from palette.core.header_words import read_forms
from palette.core.in_memory import in_memory
from palette.core.inputs import InputFile, RawFile, engine_reading, open_input, sql_string
from palette.core.landing import dialect_of
from palette.core.recognition import FileProposal, Proposal, propose
from palette.core.values import Dialect, present, typed

GENERAL = "orders"
_SIGNS = {"€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "zł": "PLN", "R$": "BRL"}
_TELLING = ("order_id", "product_id", "quantity")  # what a shop may lack, but not by an oversight
_CANDIDATES = 5  # columns to name where a meaning is open
_NO_SIGN = r"[-+0-9.,()\s\x{a0}\x{202f}]"
_READ = 2  # values of each column to show as read


@dataclass(frozen=True)
class Choice:
    """What a column of a file is taken for.

    Attributes
    ----------
    file
        Name of the file.
    proposal
        What recognition proposed.
    meaning
        ``table.column`` that it is taken for; None where it is not used.
    why
        The reason, in words.
    """

    file: str
    proposal: Proposal
    meaning: str | None
    why: str


@dataclass(frozen=True)
class Plan:
    """A declaration in the making.

    Attributes
    ----------
    values
        Keys and values of ``retailer.yml``.
    choices
        What each column is taken for, file by file.
    missing
        A sentence for each meaning that is needed and open, with the flag to give.
    doubts
        A sentence for each column that is left out, or taken, on the values alone.
    read
        (file, column) -> the first values as they are read.
    """

    values: Mapping[str, Any]
    choices: tuple[Choice, ...]
    missing: tuple[str, ...]
    doubts: tuple[str, ...]
    read: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


def make_plan(
    raw_files: Sequence[RawFile],
    settings: Mapping[str, str],
    *,
    sure_alone: bool,
    snapshot: Mapping[str, str] | None = None,
) -> Plan:
    """Propose a declaration for files, with what is set already.

    Raises
    ------
    InputError
        A setting is none, or names a column that is not there; or dates or numbers can be read in two ways.
    """
    names = {raw.label: _name(raw) for raw in raw_files}
    facts = {raw.label: _facts(raw) for raw in raw_files}
    recognised = propose(facts, read_forms(documents().values()))
    headers = {each.column for file in recognised.files for each in file.columns}
    columns = {key: value for key, value in settings.items() if _means_column(key, value, headers)}
    keys = {key: _value(key, value) for key, value in settings.items() if key not in columns}
    form = forms().get(str(keys.get("form", recognised.form)))
    if form is None:
        raise InputError(f"--set form={keys['form']}: no such form (there are: {', '.join(forms())})")
    values: dict[str, Any] = {"form": form.name} | keys
    declare("shop", Path(), values)  # objects to a value that a key cannot have
    if snapshot:
        values["snapshot"] = dict(snapshot)
    if any(raw.csv and not raw.csv.header for raw in raw_files):
        values.setdefault("csv", {})["header"] = False
    proposals = [(file, raw) for file, raw in zip(recognised.files, raw_files, strict=True)]
    if form.name != GENERAL:
        values["files"] = _grouped((file.table, names[raw.label]) for file, raw in proposals)
        choices = [
            Choice(names[raw.label], each, _dotted(each), each.why)
            for file, raw in proposals
            for each in file.columns
        ]
        return Plan(values, tuple(choices), (), ())
    meant, choices, doubts = _settle(proposals, names, form, columns, sure_alone)
    values["files"] = _grouped((table, file) for table, file in meant)
    values["columns"] = {
        table.name: columns
        for table in form.tables.values()
        if (
            columns := {
                name: header
                for (at, _), each in meant.items()
                if at == table.name
                for name, header in each.items()
            }
        )
    }
    left_out = {key.rpartition(".")[2] for key, value in settings.items() if not value}
    missing = list(_missing(proposals, names, form, meant, left_out))
    read: dict[tuple[str, str], tuple[str, ...]] = {}
    if not missing:
        read = _complete(values, raw_files, names, meant)
    return Plan(values, tuple(choices), tuple(missing), tuple(doubts), read)


def table_of(plan: Plan) -> Table:
    """Draw a plan as a table: your column, our meaning, two values as read, why."""
    several = len({choice.file for choice in plan.choices}) > 1
    meaning = Column("our meaning", no_wrap=True)  # cut off, one cannot be told from another
    table = Table(*(["file"] if several else []), "your column", meaning, "as read", "why")
    for choice in plan.choices:
        read = plan.read.get((choice.file, choice.proposal.column), ())
        cells = [choice.proposal.column, choice.meaning or "-", " | ".join(read), choice.why]
        table.add_row(*([choice.file] if several else []), *cells)
    return table


def parse_settings(texts: Sequence[str]) -> dict[str, str]:
    """Read settings as they are given on the command line, ``name=value``.

    Raises
    ------
    InputError
        One is not of that form, or given twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InputError(f"--set {text}: has to be NAME=VALUE, such as ordered_at=Datum or currency=EUR")
        if name.strip() in found:
            raise InputError(f"--set {name.strip()}: given twice")
        found[name.strip()] = value.strip()
    return found


def written_by(settings: Mapping[str, str]) -> Csv:
    """Return how text files are written, as far as that is set."""
    csv = _value("csv", settings["csv"]) if "csv" in settings else {}
    return declare("shop", Path(), {"csv": csv}).retailer.csv


def _means_column(name: str, value: str, headers: Collection[str]) -> bool:
    """Tell whether a setting is of a column: of a name that is a key too, by a value that is a header."""
    is_both = name in ("channel", "country", "currency")
    return name not in Retailer.model_fields or (is_both and (not value or value in headers))


def _value(key: str, text: str) -> Any:
    """Read a declaration's value as YAML does, so that lists and mappings can be set as well."""
    if key in ("decimal_mark", "name"):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"--set {key}={text}: no YAML: {' '.join(str(error).split())}") from None


def _name(raw: RawFile) -> str:
    return raw.path.name


def _unique(headers: Sequence[str]) -> list[str]:
    """Tell columns of one header apart, and name those without one by their place."""
    named = [header or f"column {at}" for at, header in enumerate(headers, 1)]
    folded = [name.casefold() for name in named]
    return [
        name if folded.index(name.casefold()) == at else f"{name} ({at + 1})" for at, name in enumerate(named)
    ]


def _facts(raw: RawFile) -> list[ColumnFacts]:
    with engine_reading(raw) as connection:
        connection.execute(f"create temp view looked_at as {_under_headers(raw)}")
        return look_at(connection, "looked_at", _unique(raw.headers))


def _under_headers(raw: RawFile) -> str:
    columns = [
        f'cast({text} as varchar) as "{name.replace(chr(34), chr(34) * 2)}"'
        for text, name in zip(raw.texts, _unique(raw.headers), strict=True)
    ]
    return f"select {', '.join(columns)} from {raw.relation}"


def _dotted(proposal: Proposal) -> str | None:
    return f"{proposal.table}.{proposal.meaning}" if proposal.meaning else None


def _grouped(pairs: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, file in pairs:
        if table and file not in found.setdefault(table, []):
            found[table].append(file)
    return found


_Meant = dict[tuple[str, str], dict[str, str]]
"""(table, file) -> our column: the file's header."""


def _settle(
    proposals: Sequence[tuple[FileProposal, RawFile]],
    names: Mapping[str, str],
    form: Form,
    settings: Mapping[str, str],
    sure_alone: bool,
) -> tuple[_Meant, list[Choice], list[str]]:
    """Decide what each column is taken for."""
    wanted = {_resolve(key, form): value for key, value in settings.items()}
    settled = {column for _, column in wanted}
    named: set[tuple[str | None, str]] = set()
    meant: _Meant = {}
    choices, doubts = [], []
    for file, raw in proposals:
        name = names[raw.label]
        nameless = bool(raw.csv and not raw.csv.header)
        for proposal in file.columns:
            own = [key for key, header in wanted.items() if header == proposal.column]
            named.update(own)
            for given, column in own:
                table = _table_with(column, given or file.table or GENERAL, form)
                meant.setdefault((table, name), {})[column] = proposal.column
                choices.append(Choice(name, proposal, f"{table}.{column}", "as set"))
            if own:
                continue
            dotted = _dotted(proposal)
            if proposal.meaning in settled:
                choices.append(Choice(name, proposal, None, "set otherwise"))
            elif dotted and (proposal.sure or nameless or not sure_alone):
                meant.setdefault((proposal.table, name), {})[str(proposal.meaning)] = proposal.column
                choices.append(Choice(name, proposal, dotted, proposal.why))
                if not proposal.sure:
                    doubts.append(
                        f"{name}: {proposal.column} is taken for {dotted} by its values alone; "
                        f"--set {proposal.meaning}=COLUMN corrects it"
                    )
            else:
                choices.append(Choice(name, proposal, None, proposal.why))
                if dotted:
                    doubts.append(
                        f"{name}: {proposal.column} may be {dotted}, and is not taken; "
                        f"--set {proposal.meaning}={_shell(proposal.column)} takes it"
                    )
    nowhere = [
        (column, header)
        for (table, column), header in wanted.items()
        if header and (table, column) not in named
    ]
    if nowhere:
        column, header = nowhere[0]
        there = ", ".join(each.column for file, _ in proposals for each in file.columns)
        raise InputError(f"--set {column}={header}: no column '{header}' (there are: {there})")
    _describe_from_orders(meant)
    return meant, choices, list(dict.fromkeys(doubts))  # sheets of a workbook doubt alike


def _describe_from_orders(meant: _Meant) -> None:
    """Give products and customers that are described in a file of order lines their key from it."""
    for (table, name), columns in list(meant.items()):
        lines = meant.get(("order_lines", name), {})
        key = {"products": ("product_id", "product_name"), "customers": ("customer_id",)}.get(table)
        if table == "order_lines" or not lines or key is None or key[0] in columns:
            continue
        header = next((lines[each] for each in key if each in lines), None)
        if header is None:
            del meant[(table, name)]
        else:
            columns[key[0]] = header


def _resolve(key: str, form: Form) -> tuple[str | None, str]:
    """Split the name of one of our columns into table, if it is named, and column."""
    table, dot, column = key.rpartition(".")
    known = [each.name for one in form.tables.values() for each in one.columns]
    if column not in known or (dot and table not in form.tables):
        raise InputError(
            f"--set {key}=...: neither a key of {FILE} nor a column "
            f"(keys: {', '.join(Retailer.model_fields)}; "
            f"columns of order lines: {', '.join(each.name for each in form.purchases.columns)})"
        )
    return (table or None), column


def _table_with(column: str, table: str, form: Form) -> str:
    """Return the table, or where it has no such column, the first that has."""
    if table in form.tables and any(each.name == column for each in form.tables[table].columns):
        return table
    return next(name for name, each in form.tables.items() if any(c.name == column for c in each.columns))


def _missing(
    proposals: Sequence[tuple[FileProposal, RawFile]],
    names: Mapping[str, str],
    form: Form,
    meant: _Meant,
    left_out: Collection[str],
) -> Iterator[str]:
    """Say what is needed and open, with the flag that settles it."""
    if not any(table == form.purchases.name for table, _ in meant):
        yield (
            "  no file of order lines: a customer, a time and a price or an amount on every line; "
            "--set customer_id=COLUMN --set ordered_at=COLUMN --set amount=COLUMN says which they are"
        )
    for (table, file), columns in meant.items():
        declared = form.tables[table]
        groups = [(column.name,) for column in declared.columns if column.is_required] + list(declared.one_of)
        for group in groups:
            if columns.keys() & set(group):
                continue
            here = [proposal for proposal, raw in proposals if names[raw.label] == file]
            likely = {
                each.column: each.meaning
                for proposal in here
                for each in proposal.columns
                if each.table == table and each.meaning in group
            }
            candidates = likely or {
                each: group[0]
                for proposal in here
                for one in proposal.open
                if set(one.one_of) & set(group)
                for each in one.candidates
            }
            could = ", ".join([*list(candidates)[:_CANDIDATES], *["..."] * (len(candidates) > _CANDIDATES)])
            could = could or "none of its columns looks like it"
            header, name = next(iter(candidates.items()), ("COLUMN", group[0]))
            flag = f"--set {name}={_shell(header)}"
            yield f"  {file}: {' or '.join(group)} (could be: {could}): {flag}"
        for name in _TELLING if declared is form.purchases else ():
            doubtful = [
                each.column
                for proposal, raw in proposals
                if names[raw.label] == file and name not in columns
                for each in proposal.columns
                if each.meaning == name and name not in left_out
            ]
            if doubtful:
                could = ", ".join(dict.fromkeys(doubtful))
                yield (
                    f"  {file}: {name} may be {could}: --set {name}={_shell(doubtful[0])}, "
                    f"or --set {name}= if it is not"
                )


def _complete(
    values: dict[str, Any],
    raw_files: Sequence[RawFile],
    names: Mapping[str, str],
    meant: _Meant,
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Find out how dates and numbers are written, write it into the declaration, and read a few values."""
    form = forms()[values["form"]]
    retailer = Retailer.model_validate({key: value for key, value in values.items() if key != "snapshot"})
    declared = Declared("shop", Path(), form, retailer)
    read = {}
    for table in form.tables.values():
        opened = [
            open_input(raw, table, values["columns"][table.name])
            for raw in raw_files
            if (table.name, names[raw.label]) in meant
        ]
        if not opened:
            continue
        try:
            dialect = dialect_of(declared, table, opened)
        except InputError as error:
            raise InputError(as_flags(str(error))) from None
        if table is form.purchases:
            _note_dialect(values, dialect, opened)
            retailer = Retailer.model_validate(
                {key: value for key, value in values.items() if key != "snapshot"}
            )
            declared = replace(declared, retailer=retailer)
        for file in opened:
            for name, at in file.positions.items():
                header = _unique(file.raw.headers)[at]
                read[(names[file.raw.label], header)] = _as_read(
                    file.raw, file.raw.texts[at], table, name, dialect
                )
    return read


def _note_dialect(values: dict[str, Any], dialect: Dialect, opened: Sequence[InputFile]) -> None:
    if dialect.date_order:
        values.setdefault("date_order", dialect.date_order)
    values.setdefault("decimal_mark", dialect.decimal_mark)
    if "currency" in values:
        return
    with in_memory() as connection:
        for name in ("currency", "amount", "unit_price"):
            for file in opened:
                if name not in file.positions:
                    continue
                text = file.raw.texts[file.positions[name]]
                found = connection.execute(
                    f"select distinct regexp_replace({text}, '{_NO_SIGN}', '', 'g') as sign "
                    f"from (select * from {file.raw.relation} limit 1000) where {text} is not null"
                ).fetchall()
                signs = {_SIGNS.get(sign, sign) for (sign,) in found if sign}
                if len(signs) == 1 and re.fullmatch("[A-Z]{3}", sign := signs.pop()) and sign != NO_CURRENCY:
                    values["currency"] = sign
                    return


def _as_read(raw: RawFile, text: str, table: SourceTable, name: str, dialect: Dialect) -> tuple[str, ...]:
    kind = table.column(name).kind
    value = f"cast({typed(kind, 'value', dialect)} as varchar)"
    with in_memory() as connection:
        rows = connection.execute(
            f"select {value} as read from (select {present(text)} as value, row_number() over () as place "
            f"from {raw.relation} limit 100) where read is not null "
            f"group by read order by min(place) limit {_READ}"
        ).fetchall()
    return tuple(str(each)[:40] for (each,) in rows)


def as_flags(message: str) -> str:
    """Name the flag where a message names the key of the declaration."""
    flagged = re.sub(r"(set )?(date_order|decimal_mark): ('?[\w.,]+'?)", r"--set \2=\3", message)
    zone = f"set time_zone in {FILE} to the shop's, as in Europe/Berlin"
    return flagged.replace(zone, "--set time_zone=Europe/Berlin, or what the shop's is").replace(
        f" in {FILE}", ""
    )


def _shell(text: str) -> str:
    return text if re.fullmatch(r"[\w.-]+", text) else sql_string(text).replace("''", "'\\''")
