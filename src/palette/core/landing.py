"""Lands raw files once: parsed, checked and typed, as Parquet for staging; unchanged files are skipped."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from palette.core import declarations, encodings, inputs, values
from palette.core.declarations import FILE, NO_CURRENCY, Declared
from palette.core.errors import InputError
from palette.core.forms import SourceTable, project_folder
from palette.core.in_memory import in_memory
from palette.core.inputs import (
    InputFile,
    RawFile,
    check_calculation,
    check_file,
    check_lines,
    checked_columns,
    count_rows,
    find_files,
    open_input,
    open_raw,
    reading,
    sql_string,
    text_sql,
    too_large,
    typed_columns,
)
from palette.core.values import AmbiguityError, Dialect, find_dialect
from palette.core.writing import put, unfinished

_WORTH_A_LINE = 50e6  # bytes: what is read for longer than somebody waits without a word
_CODE = tuple(
    Path(module.__file__) for module in (declarations, encodings, inputs, values) if module.__file__
)


@dataclass(frozen=True)
class Landed:
    """A table of a retailer, ready to be read.

    Attributes
    ----------
    path
        The Parquet file; None where the retailer has no files of the table.
    rows
        How many rows it holds.
    files
        The files, or sheets, they came from.
    notes
        A sentence for each thing that was left out or is there twice.
    """

    path: Path | None
    rows: int
    files: tuple[str, ...]
    notes: tuple[str, ...]


def landing_folder() -> Path:
    """Return the folder of landed files: beside dbt's other artefacts."""
    return Path(os.environ.get("DBT_TARGET_PATH") or project_folder() / "target").absolute() / "landing"


def land(declared: Declared, table: SourceTable) -> Landed:
    """Parse and check the files of a table and write them as one typed Parquet file, unless that was done.

    Raises
    ------
    InputError
        A file cannot be used; nothing is written then.
    """
    files, notes = find_files(declared, table)
    if not files:
        return Landed(None, 0, (), tuple(notes))
    folder = landing_folder()
    path = folder / f"{_prefix(declared, table)}.{_fingerprint(declared, table, files)}.parquet"
    record = path.with_suffix(".json")
    if not (path.is_file() and record.is_file()):
        if (size := sum(file.stat().st_size for file in files)) >= _WORTH_A_LINE:
            names = ", ".join(file.name for file in files)
            print(f"{declared.key}.{table.name}: reading {names} ({size / 1e6:,.0f} MB)", flush=True)
        _refuse_copies(files)
        with unfinished(folder) as scratch:
            parquet, written = scratch / path.name, scratch / record.name
            written.write_text(json.dumps(_write(declared, table, files, scratch, parquet)))
            put(written, record)
            put(parquet, path)
    found = json.loads(record.read_text())
    return Landed(path, found["rows"], tuple(found["files"]), (*notes, *found["notes"]))


def prune(retailers: Sequence[Declared]) -> None:
    """Remove what was landed of earlier versions of the retailers' files.

    To be called when no warehouse that is in use has views of them any more.
    """
    for declared in retailers:
        for table in declared.form.tables.values():
            kept = land(declared, table).path
            for landed in landing_folder().glob(f"{_prefix(declared, table)}.*"):
                if kept is None or landed.stem != kept.stem:
                    landed.unlink(missing_ok=True)


def _prefix(declared: Declared, table: SourceTable) -> str:
    """Begin the name of what is landed of a table of the retailer in its folder."""
    place = hashlib.sha256(os.fsencode(declared.folder.absolute())).hexdigest()[:8]
    return f"{declared.key}.{table.name}.{place}"


def table_sql(retailers: Sequence[Declared], table: SourceTable) -> str:
    """Write the query that reads a table of all retailers of its form, with their key in front.

    Without a retailer it has the same columns and no rows.
    """
    parts = [
        f"select {sql_string(key)} as retailer, * "
        f"from read_parquet({sql_string(path)}, hive_partitioning = false)"
        for key, path in landed(retailers, table).items()
    ]
    return "\nunion all\n".join(parts) if parts else _nothing(table)


def landed(retailers: Sequence[Declared], table: SourceTable) -> dict[str, Path]:
    """Land a table of all retailers of its form; returns the file of each that has one, by its key."""
    paths = {declared.key: land(declared, table).path for declared in retailers}
    return {key: path for key, path in paths.items() if path is not None}


def types_of(table: SourceTable) -> dict[str, str]:
    """Return the types of a landed table's columns, as DuckDB names them; the retailer's key is in front."""
    with in_memory() as connection:
        nothing = connection.sql(_nothing(table))
        return dict(zip(nothing.columns, map(str, nothing.types), strict=True))


def _nothing(table: SourceTable) -> str:
    """Write the query of a table without rows."""
    nulls = ", ".join(f"cast(null as varchar) as {column.name}" for column in table.columns)
    return (
        f"select cast(null as varchar) as retailer, {typed_columns(table, Dialect())} "
        f"from (select {nulls}) where false"
    )


def dialect_of(declared: Declared, table: SourceTable, opened: Sequence[InputFile]) -> Dialect:
    """Find out how the values of a table's files are written: from the declaration, and what they prove.

    Raises
    ------
    InputError
        The values can be read in two ways, or contradict each other.
    """
    present = [column for column in table.columns if any(column.name in file.positions for file in opened)]
    dates = [column.name for column in present if column.kind in ("timestamp", "date")]
    numbers = [column.name for column in present if column.kind in ("decimal", "integer")]
    relation = " union all ".join(text_sql(file, table) for file in opened)
    try:
        with in_memory() as connection:
            return find_dialect(connection, f"({relation})", dates, numbers, declared.retailer)
    except duckdb.Error:
        for file in opened:  # the one that cannot be read says so
            check_lines(file, table)
        raise
    except AmbiguityError as error:
        message = str(error)
        for file in opened:
            for name in file.positions:
                message = message.replace(f"column {name}: '", f"column {file.header(name)}: '")
        raise InputError(f"{', '.join(file.raw.label for file in opened)}: {message}") from None


def _fingerprint(declared: Declared, table: SourceTable, files: Sequence[Path]) -> str:
    """Tell apart what would be landed differently: the files, what is declared of them, and this code."""
    facts = [repr(table), declared.retailer.model_dump_json()]
    for path in (*files, *_CODE):
        with reading(path):
            status = path.stat()
        facts.append(f"{path.absolute()} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256(os.fsencode("\n".join(facts))).hexdigest()[:16]


def _refuse_copies(files: Sequence[Path]) -> None:
    """Refuse two files of the same bytes: every row would count twice."""
    seen: dict[tuple[int, str], Path] = {}
    sizes = [path.stat().st_size for path in files]
    for path, size in zip(files, sizes, strict=True):
        if sizes.count(size) > 1:
            with reading(path), path.open("rb") as stream:
                key = (size, hashlib.file_digest(stream, "sha256").hexdigest())
            if key in seen:
                raise InputError(
                    f"{path}: a copy of {seen[key].name}; remove one of them, or their rows count twice"
                )
            seen[key] = path


def _write(
    declared: Declared, table: SourceTable, files: Sequence[Path], scratch: Path, target: Path
) -> dict[str, object]:
    """Write the table's files as one; returns its rows, files and notes."""
    columns = declared.retailer.columns.get(table.name)
    raw_files = [raw for path in files for raw in open_raw(path, declared.retailer.csv, scratch, table)]
    opened = [open_input(raw, table, columns) for raw in raw_files]
    dialect = dialect_of(declared, table, opened)
    rows = sum(map(count_rows, opened))
    typed_files = " union all ".join(
        f"select {checked_columns(file, table, dialect)} from ({text_sql(file, table)})" for file in opened
    )
    try:
        with duckdb.connect() as connection:
            connection.execute(f"set temp_directory = {sql_string(scratch / 'spill')}")
            connection.execute(
                f"copy (select {'distinct' if table.key else ''} * from ({typed_files})) "
                f"to {sql_string(target)} (format parquet, compression zstd)"
            )
            connection.execute(
                f"create view landed as from read_parquet({sql_string(target)}, hive_partitioning = false)"
            )
            for expression in _too_large(connection, table):
                for file in opened:
                    check_calculation(file, table, dialect, expression)
            if any("currency" in file.positions for file in opened):
                _check_currency(connection, declared, raw_files)
            notes = [] if _is_shared(declared, table) else list(_doubled(connection, table, rows))
    except duckdb.Error as error:
        for file in opened:  # the one with a value that cannot be used says so
            check_file(file, table, dialect)
        raise InputError(f"{target.parent.parent}: cannot be written to: {error}") from error
    return {"rows": rows, "files": [raw.label for raw in raw_files], "notes": notes}


def _too_large(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> Iterator[str]:
    """Name the calculations of staging that have a result which would not fit."""
    for expression in table.calculations:
        found = connection.sql(f"select count(*) from {too_large('landed', table, expression)}").fetchone()
        if found and found[0]:
            yield expression


def _check_currency(
    connection: duckdb.DuckDBPyConnection, declared: Declared, raw_files: Sequence[RawFile]
) -> None:
    found = connection.sql(
        "select upper(currency) as code, count(*) from landed where currency is not null "
        "group by code order by 2 desc, 1"
    ).fetchall()
    label = ", ".join(raw.label for raw in raw_files)
    if len(found) > 1:
        counted = ", ".join(f"{code} ({rows:,} row{'s' * (rows > 1)})" for code, rows in found)
        raise InputError(
            f"{label}: several currencies: {counted}. Amounts of different currencies cannot be added up: "
            "bring them to one, or make a retailer of each"
        )
    if found and declared.retailer.currency not in (NO_CURRENCY, found[0][0]):
        raise InputError(
            f"{label}: the currency is {found[0][0]}, but {declared.folder / FILE} says "
            f"{declared.retailer.currency}"
        )


def _is_shared(declared: Declared, table: SourceTable) -> bool:
    """Tell whether the table is taken from a file that another table is taken from, where rows repeat."""
    files = declared.retailer.files
    others = {each for name, names in files.items() if name != table.name for each in names}
    return bool(others & set(files.get(table.name, ())))


def _doubled(connection: duckdb.DuckDBPyConnection, table: SourceTable, rows: int) -> Iterator[str]:
    """Say which rows of a table with a key were delivered more than once."""
    if not table.key:
        return
    key = ", ".join(table.key)
    found = connection.sql(f"select count(*), count(distinct ({key})) from landed").fetchone()
    different, keys = found or (0, 0)
    if different < rows:
        yield f"{rows - different:,} of its {rows:,} rows repeat another one; they do not count"
    if keys < different:
        yield f"{different - keys:,} of its rows have the {key} of another one, but differ in the rest"
