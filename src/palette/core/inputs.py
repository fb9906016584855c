"""Finds a retailer's input files, reads them with DuckDB as typed rows, and says what is wrong with them.

Every form of file is first seen as text columns under the canonical names (`InputFile.values`); one rule per
kind (`_TYPED`) then turns text into a typed value, or null where it cannot.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import shlex
import unicodedata
import zlib
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from palette.core.sources import SOURCES, Column, SourceTable

WORKBOOKS = (".xlsx", ".xls")

# Two-digit years come first: %Y would read the 10 of '12/1/10' as the year 10.
_TIMESTAMP_FORMATS = [
    "%Y-%m-%d %H:%M:%S",
    "%m/%d/%y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M",
    "%m/%d/%y",
    "%m/%d/%Y",
    "%Y-%m-%d",
]
_DATE_FORMATS = ["%Y%m%d", "%Y-%m-%d", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S"]


def _since_1900(formats: list[str]) -> str:
    parsed = f"try_strptime({{0}}, {formats})"
    return f"case when {parsed} >= timestamp '1900-01-01' then {parsed} end"


# SQL turning a text column {0} into its type, null where the text is no such value. DuckDB itself would round
# '6.5' to a whole number and read '1_000' as a thousand.
_TYPED = {
    "text": "{0}",
    "identifier": r"regexp_replace({0}, '^([0-9]+)\.0+$', '\1')",
    "timestamp": _since_1900(_TIMESTAMP_FORMATS),
    "date": _since_1900(_DATE_FORMATS),
    "time_of_day": "case when regexp_full_match({0}, '(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)(:[0-5][0-9])?') "
    "then lpad(cast(cast(split_part({0}, ':', 1) as bigint) % 24 as varchar), 2, '0') || ':' "
    "|| split_part({0}, ':', 2) end",
    "integer": "case when not contains({0}, '_') and try_cast({0} as double) = trunc(try_cast({0} as double))"
    " then try_cast({0} as bigint) end",
    "decimal": "case when not contains({0}, '_') then try_cast({0} as decimal(18, 4)) end",
}
_NOT_A = {
    "timestamp": "a date and time",
    "date": "a date",
    "time_of_day": "a time of day",
    "integer": "a whole number",
    "decimal": "a number",
}


class InputError(Exception):
    """Something is wrong with an input file; the message names file, column and row where there is one."""


@dataclass(frozen=True)
class CsvFormat:
    """How a CSV file is written: its encoding (``utf-8`` or ``latin-1``) and its delimiter."""

    encoding: str
    delimiter: str


@dataclass(frozen=True)
class InputFile:
    """One file, or one sheet of a workbook, that holds rows of a source table.

    Attributes
    ----------
    label : str
        What messages call it.
    path : Path
        The file DuckDB reads.
    relation : str
        DuckDB table function that reads it.
    headers : mapping
        Canonical column name -> the file's own header.
    values : mapping
        Canonical column name -> SQL expression that gives the value as text.
    row : str
        SQL expression that gives the row's number, counted from 1.
    csv : CsvFormat or None
        For a CSV file, how it is written.
    """

    label: str
    path: Path
    relation: str
    headers: Mapping[str, str]
    values: Mapping[str, str]
    row: str
    csv: CsvFormat | None = None


def tables_of(retailer: str) -> tuple[SourceTable, ...]:
    """Return the source tables of a retailer.

    Raises
    ------
    InputError
        No retailer has that name; the message lists those there are.
    """
    if retailer not in SOURCES:
        raise InputError(f"unknown retailer '{retailer}'; known: {', '.join(SOURCES)}")
    return SOURCES[retailer]


def find_inputs(data_folder: Path, table: SourceTable, alone: bool) -> list[InputFile]:
    """Find and open the files of a source table.

    Parameters
    ----------
    data_folder : Path
        Files lie in its subfolder named after the retailer.
    table : SourceTable
        The table whose files are wanted.
    alone : bool
        No other retailer is selected: without such a subfolder the files may lie in `data_folder` itself.

    Returns
    -------
    list of InputFile
        Sorted by file name; none only where the table may be left out.

    Raises
    ------
    InputError
        Folder or files are missing, or a file is empty, unreadable or lacks a column.
    """
    folder = data_folder / table.retailer
    if alone and not folder.is_dir():
        folder = data_folder
    if not folder.is_dir():
        missing = data_folder / table.retailer
        raise InputError(
            f"{missing}: folder not found; the files of {table.retailer} go there "
            "(PALETTE_RETAILERS says which retailers are built)"
        )
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    found = [path for path in files if matches(path, table)]
    if not found and table.required:
        patterns = ", ".join(table.patterns)
        message = f"{folder}: no file of {table.retailer}.{table.name} (looked for {patterns})"
        if workbook := next((path for path in files if path.suffix.lower() in WORKBOOKS), None):
            command = shlex.join(["palette", "import", table.retailer, str(workbook)])
            message += f"; a workbook has to be imported: run `{command}`"
        raise InputError(message)
    return [open_input(path, table) for path in found]


def matches(path: Path, table: SourceTable) -> bool:
    """Tell whether a file's name is one of the table's; hidden files never are."""
    name = _plain(path.name)
    return not name.startswith(".") and any(fnmatchcase(name, _plain(each)) for each in table.patterns)


def open_input(path: Path, table: SourceTable) -> InputFile:
    """Look into one CSV (plain or .gz) or Parquet file: how it is written and where its columns are.

    Raises
    ------
    InputError
        The file is empty, unreadable or of another kind, lacks a column, or has one twice.
    """
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise InputError(f"{path}: not a .csv, .csv.gz, .parquet, .xlsx or .xls file")
    with _reading(path):
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty")
        return _open_parquet(path, table) if name.endswith(".parquet") else _open_csv(path, table)


def match_columns(label: str, header: Sequence[str], table: SourceTable) -> dict[str, int]:
    """Find each column of the table in a header line.

    Parameters
    ----------
    label : str
        What to call the file in messages.
    header : sequence of str
        The file's own column names.
    table : SourceTable
        The table whose columns are wanted.

    Returns
    -------
    dict
        Canonical column name -> position in the header, counted from 0.

    Raises
    ------
    InputError
        A column is missing, or two headers mean the same one.
    """
    positions = {}
    for column in table.columns:
        names = (*column.aliases, column.name)
        keys = {_header_key(each) for each in names}
        hits = [position for position, each in enumerate(header) if _header_key(each) in keys]
        if not hits:
            found = ", ".join(each for each in header if each) or "none"
            accepted = ", ".join(names)
            raise InputError(
                f"{label}: column {names[0]} is missing (accepted names: {accepted}; columns found: {found})"
            )
        if len(hits) > 1:
            found = ", ".join(header[position] for position in hits)
            raise InputError(f"{label}: {len(hits)} columns mean {names[0]}: {found}")
        positions[column.name] = hits[0]
    return positions


def source_sql(files: Sequence[InputFile], table: SourceTable) -> str:
    """Write the DuckDB query that reads files as one typed table.

    Paths are absolute, so it works as the body of a view.

    Parameters
    ----------
    files : sequence of InputFile
        None gives a table without rows.
    table : SourceTable
        The table they are parts of.

    Returns
    -------
    str
        A query with the table's columns, in their order, under their canonical names: text and identifier as
        varchar (empty: null), timestamp and date as timestamp (of a time zone: UTC), time of day as
        varchar, HH:MM, integer as bigint, decimal as decimal(18, 4). What
        `check_inputs` objects to would be null.
    """
    columns = ",\n    ".join(f"{_typed(each)} as {each.name}" for each in table.columns)
    if not files:
        nulls = ", ".join(f"cast(null as varchar) as {each.name}" for each in table.columns)
        return f"select\n    {columns}\nfrom (select {nulls}) where false"
    return "\nunion all\n".join(f"select\n    {columns}\nfrom ({_text_sql(file)})" for file in files)


def check_inputs(data_folder: Path, retailers: Sequence[str]) -> dict[SourceTable, list[InputFile]]:
    """Read every file of the retailers once and object to the first value that cannot be used.

    Returns
    -------
    dict
        The files of each table; none of one that was left out.

    Raises
    ------
    InputError
        As for `find_inputs` and `check_file`.
    """
    found = {}
    for retailer in retailers:
        for table in tables_of(retailer):
            found[table] = find_inputs(data_folder, table, alone=len(retailers) == 1)
            for file in found[table]:
                check_file(file, table)
    return found


def check_file(file: InputFile, table: SourceTable) -> int:
    """Read one file in full and object to its first value that cannot be used.

    Returns
    -------
    int
        How many rows it has.

    Raises
    ------
    InputError
        A line is malformed, a value is not of its column's kind, or it is empty where one is required.
    """
    bad = {
        column: f"{_typed(column)} is null" + ("" if column.required else f" and {column.name} is not null")
        for column in table.columns
        if column.required or column.kind in _NOT_A
    }
    counted = [f"count(*) filter (where {condition})" for condition in bad.values()]
    rows, *counts = _one_row(file, f"select {', '.join(['count(*)', *counted])} from ({_text_sql(file)})")
    further = {column: count - 1 for column, count in zip(bad, counts, strict=True) if count}
    if further:
        # Only now are the rows numbered, which costs more than all the rest.
        firsts = [
            f"min_by({{'row': _row, 'value': {each.name}}}, _row) filter (where {bad[each]})"
            for each in further
        ]
        numbered = _text_sql(file, f"{file.row} as _row")
        found = zip(_one_row(file, f"select {', '.join(firsts)} from ({numbered})"), further, strict=True)
        first, column = min(found, key=lambda each: each[0]["row"])
        more = further[column]
        problem = (
            f"'{first['value']}' is not {_NOT_A[column.kind]}" if first["value"] else "the value is empty"
        )
        if more:
            problem += f" (and {more:,} more such value{'s' * (more > 1)} in this column)"
        where = f"row {first['row']}{_line_of(file, first['row'])}, column {file.headers[column.name]}"
        raise InputError(f"{file.label}: {where}: {problem}")
    return int(rows)


def _one_row(file: InputFile, query: str) -> tuple[Any, ...]:
    try:
        with duckdb.connect() as connection:
            return connection.execute(query).fetchone() or (0,)
    except duckdb.Error as error:
        raise InputError(f"{file.label}: {_condensed(error)}") from error


def sql_string(value: object) -> str:
    """Quote a value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower()


def _header_key(name: str) -> str:
    # 'ï»¿' is a UTF-8 byte order mark read as latin-1.
    return re.sub(r"[\s_\ufeff]|ï»¿", "", unicodedata.normalize("NFC", name)).casefold()


def _typed(column: Column) -> str:
    return _TYPED[column.kind].format(column.name)


def _text_sql(file: InputFile, *further: str) -> str:
    values = [f"nullif({value}, '') as {name}" for name, value in file.values.items()]
    return f"select {', '.join([*values, *further])} from {file.relation}"


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what reading a broken or forbidden file raises into an InputError."""
    try:
        yield
    except (OSError, EOFError, zlib.error, csv.Error, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read: {reason}") from error


def _open_parquet(path: Path, table: SourceTable) -> InputFile:
    with pq.ParquetFile(path) as parquet:
        schema, rows = parquet.schema_arrow, parquet.metadata.num_rows
    positions = match_columns(str(path), schema.names, table)
    if rows == 0:
        raise InputError(f"{path}: the file has columns but no rows")
    headers = {name: str(schema.names[position]) for name, position in positions.items()}
    return InputFile(
        label=str(path),
        path=path,
        relation=parquet_relation(path),
        headers=headers,
        values={name: _parquet_text(headers[name], schema.field(at).type) for name, at in positions.items()},
        row="file_row_number + 1",
    )


def parquet_relation(path: Path) -> str:
    """Write the DuckDB table function that reads one Parquet file, its rows numbered from 0."""
    return (
        f"read_parquet({sql_string(path.absolute())}, file_row_number = true, binary_as_string = true, "
        "hive_partitioning = false)"
    )


def _parquet_text(header: str, kind: Any) -> str:
    """Write the SQL that gives a Parquet column as text: whole numbers without a fraction, times in UTC."""
    column = '"' + header.replace('"', '""') + '"'
    if pa.types.is_timestamp(kind):
        # The engine's own time zone conversion would need an extension.
        column = f"make_timestamp(epoch_us({column}))" if kind.tz else f"cast({column} as timestamp)"
    if pa.types.is_floating(kind):
        column = f"nullif({column}, 'nan')"
    text = f"cast({column} as varchar)"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return rf"regexp_replace({text}, '\.0+$', '')"
    return text


def _open_csv(path: Path, table: SourceTable) -> InputFile:
    encoding = _encoding(path)
    with _csv_lines(path, encoding) as lines:
        unquoted = re.sub(r'"[^"]*"?', "", next(lines, ""))
        delimiter = max(",;\t|", key=unquoted.count)
    with _csv_lines(path, encoding) as lines:
        header = next(csv.reader(lines, delimiter=delimiter), [])
        has_rows = any(line.strip() for line in lines)
    if not header and not has_rows:
        raise InputError(f"{path}: the file is empty")
    positions = match_columns(str(path), header, table)
    if not has_rows:
        raise InputError(f"{path}: the file has a header but no rows")
    names = {position: name for name, position in positions.items()}
    columns = {names.get(position, f"_{position}"): "varchar" for position in range(len(header))}
    compression = "gzip" if path.suffix.lower() == ".gz" else "none"
    return InputFile(
        label=str(path),
        path=path,
        relation=(
            f"read_csv({sql_string(path.absolute())}, auto_detect = false, header = true, "
            f"columns = {columns}, delim = '{delimiter}', quote = '\"', escape = '\"', "
            f"encoding = '{encoding}', compression = '{compression}', hive_partitioning = false)"
        ),
        headers={name: header[position].strip("\ufeff") for name, position in positions.items()},
        values={name: name for name in positions},
        row="row_number() over ()",
        csv=CsvFormat(encoding, delimiter),
    )


def _csv_bytes(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


@contextmanager
def _csv_lines(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    decoding = "utf-8-sig" if encoding == "utf-8" else encoding
    with _csv_bytes(path) as stream, io.TextIOWrapper(stream, encoding=decoding, newline="") as lines:
        yield iter(lines)


def _encoding(path: Path) -> str:
    """Tell whether a file is UTF-8 or else latin-1, by reading it through."""

    def holds(accepts: Callable[[bytes], object]) -> bool:
        with _csv_bytes(path) as stream:
            try:
                while chunk := stream.read(1 << 20):
                    accepts(chunk)
                accepts(b"")
            except UnicodeDecodeError:
                return False
        return True

    def latin_1(chunk: bytes) -> None:
        # DuckDB's latin-1 has no characters 80 to 9F, which Windows-1252 uses.
        if found := re.search(rb"[\x80-\x9f]", chunk):
            raise UnicodeDecodeError("latin-1", chunk, found.start(), found.end(), "undefined")

    decoder = getincrementaldecoder("utf-8")()
    if holds(lambda chunk: decoder.decode(chunk, final=not chunk)):
        return "utf-8"
    if holds(latin_1):
        return "latin-1"
    raise InputError(f"{path}: neither UTF-8 nor latin-1 text (Windows-1252 or UTF-16?); save it as UTF-8")


def _line_of(file: InputFile, row: int) -> str:
    """Say on which line of a CSV file a row ends (rows may span lines, blank lines are no rows)."""
    if file.csv is None:
        return ""
    with _csv_lines(file.path, file.csv.encoding) as lines:
        reader = csv.reader(lines, delimiter=file.csv.delimiter)
        numbers = (reader.line_num for fields in reader if fields)
        return f" (line {next(islice(numbers, row, None), '?')} of the file)"


def _condensed(error: duckdb.Error) -> str:
    """Put DuckDB's page about a malformed CSV line into one sentence."""
    report = re.split(r"\n+(?:Possible |This can happen )", str(error))[0]
    line = re.search(r"CSV Error on Line: (\d+)", report)
    reason = report.strip().splitlines()[-1].removeprefix("Invalid Input Error: ")
    reason = re.sub(r"Expected Number of Columns: (\d+) Found:", r"expected \1 fields, found", reason)
    if "reached an invalid state" in reason:
        reason = "its lines end in different ways (LF and CR LF), or a quote is stray"
    return f"line {line[1]}: {reason}" if line else f"cannot be read: {reason}"
