"""Opens the files of a retailer, finds the columns of a table in them, and says what is wrong with them.

Every kind of file, and every sheet of a workbook, is first seen as text under its own headers (`RawFile`);
one rule per kind (`palette.core.values`) then turns text into a typed value, or null where it cannot.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from palette.core.declarations import ADDED_ROWS, FILE, Csv, Declared
from palette.core.encodings import EncodingError, encoding_of, utf8_copy
from palette.core.errors import InputError
from palette.core.forms import ENDINGS, SourceTable
from palette.core.header_words import has_header
from palette.core.values import NOT_A, Dialect, present, problem, typed
from palette.core.workbooks import WORKBOOKS, sheets

READ_DIRECTLY = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "latin-1": "latin-1"}  # by DuckDB; others are copied
_DELIMITERS = ",;\t|"
_BLANKS = " "  # what stands for columns set apart by runs of blanks


@dataclass(frozen=True)
class CsvFormat:
    """How a text file is written: encoding, delimiter (a blank: runs of them) and whether it has a header."""

    encoding: str
    delimiter: str
    header: bool


@dataclass(frozen=True)
class RawFile:
    """One file, or one sheet of a workbook, as text under its own headers.

    Attributes
    ----------
    label
        What messages call it.
    path
        The file that was delivered.
    relation
        DuckDB table function that reads it.
    headers
        Its own column names.
    texts
        SQL expression of each column's text, in the headers' order.
    row
        SQL expression of the row's number, counted from 1.
    csv
        For a text file, how it is written.
    """

    label: str
    path: Path
    relation: str
    headers: tuple[str, ...]
    texts: tuple[str, ...]
    row: str
    csv: CsvFormat | None = None


@dataclass(frozen=True)
class InputFile:
    """A file in which the columns of a table are found.

    Attributes
    ----------
    raw
        The file.
    positions
        Canonical column name -> position among its headers; columns that it lacks are left out.
    """

    raw: RawFile
    positions: Mapping[str, int]

    def header(self, name: str) -> str:
        """Return the file's own header of a column."""
        return self.raw.headers[self.positions[name]]


def find_files(declared: Declared, table: SourceTable) -> tuple[list[Path], list[str]]:
    """Find the files of a table in the retailer's folder.

    Returns
    -------
    files
        Sorted by name; none only where the table may be left out.
    notes
        A sentence for each thing that has the name of such a file and is none.

    Raises
    ------
    InputError
        The folder cannot be read, or files that are needed are missing.
    """
    declared_patterns = declared.retailer.files.get(table.name)
    patterns = table.patterns if declared_patterns is None else tuple(declared_patterns)
    try:
        found = sorted(path for path in declared.folder.iterdir() if matches(path, patterns))
    except OSError as error:
        raise InputError(f"{declared.folder}: cannot be read: {error.strerror}") from error
    if declared_patterns is None:
        taken = [
            each for name, names in declared.retailer.files.items() if name != table.name for each in names
        ]
        found = [path for path in found if not matches(path, [*taken, *ADDED_ROWS])]
    files = [path for path in found if path.is_file()]
    for pattern in declared_patterns or ():
        if not any(matches(path, [pattern]) for path in files):
            raise InputError(
                f"{declared.folder / FILE}: files.{table.name}: no file {pattern} in {declared.folder}"
            )
    if not files and table.is_required:
        first = f".{ENDINGS[0]}"
        wanted = ", ".join(each.removesuffix(first) for each in table.patterns if each.endswith(first))
        raise InputError(
            f"{declared.folder}: no file of {table.form}.{table.name} (looked for {wanted} "
            f"with one of the endings {', '.join(ENDINGS)}; {FILE} may name others under `files:`)"
        )
    notes = [
        f"{path}: left out, {'a folder' if path.is_dir() else 'a link to nothing'} and no file"
        for path in found
        if not path.is_file()
    ]
    return files, notes


def matches(path: Path, patterns: Sequence[str]) -> bool:
    """Tell whether a file's name is one of some patterns, whatever the case; hidden files never are."""
    name = _plain(path.name)
    return not name.startswith(".") and any(fnmatchcase(name, _plain(each)) for each in patterns)


def open_raw(path: Path, written: Csv, scratch: Path) -> list[RawFile]:
    """Look into one file: how it is written and which headers it has.

    Parameters
    ----------
    path
        CSV or other delimited text (plain or .gz), Parquet, or a workbook.
    written
        What is declared of text files; the rest is found by looking.
    scratch
        Folder for copies that DuckDB can read, of workbooks and other encodings; lives as long as they do.

    Returns
    -------
    list of RawFile
        One, or one for each sheet of a workbook that has rows.

    Raises
    ------
    InputError
        The file is empty, has no rows, is unreadable or of another kind.
    """
    name = path.name.lower()
    with reading(path):
        if path.stat().st_size == 0:
            raise InputError(f"{path}: the file is empty")
        if name.endswith(WORKBOOKS):
            return [
                _raw_parquet(sheet.copy, sheet.label, path, sheet.headers) for sheet in sheets(path, scratch)
            ]
        if name.endswith(".parquet"):
            return [_raw_parquet(path, str(path), path, None)]
        if name.endswith(ENDINGS):
            return [_raw_text(path, written, scratch)]
    raise InputError(f"{path}: not one of {', '.join(ENDINGS)}")


def open_input(raw: RawFile, table: SourceTable, columns: Mapping[str, str] | None) -> InputFile:
    """Find the columns of a table in a file.

    Parameters
    ----------
    raw
        The file.
    table
        The table whose columns are wanted.
    columns
        Canonical name -> the file's own header, as declared; a required column that it does not name is
        looked for under the table's own names. None: so are all of them.

    Raises
    ------
    InputError
        A column is missing, a declared header is not there, or two headers mean the same column.
    """
    positions: dict[str, int] = {}
    for column in table.columns:
        declared = (columns or {}).get(column.name)
        if declared is None and columns is not None and not column.is_required:
            continue
        names = column.names if declared is None else (declared,)
        keys = {header_key(each) for each in names}
        hits = [position for position, each in enumerate(raw.headers) if header_key(each) in keys]
        exact = [position for position in hits if raw.headers[position] == declared]
        hits = exact if len(exact) == 1 else hits
        found = ", ".join(raw.headers[position] for position in hits)
        if len(hits) > 1:
            raise InputError(f"{raw.label}: {len(hits)} columns mean {names[0]}: {found}")
        if hits:
            positions[column.name] = hits[0]
        elif column.is_required or declared is not None:
            there = ", ".join(each for each in raw.headers if each) or "none"
            wanted = column.names[-1] if len(column.names) == 1 else column.names[1]
            reason = (
                f"column {wanted} is missing (accepted names: {', '.join(column.names)}; "
                f"columns found: {there}; {FILE} may say which it is: "
                f"columns: {{{table.name}: {{{column.name}: YOUR COLUMN}}}})"
                if declared is None
                else f"no column '{declared}', which {FILE} declares as {column.name} "
                f"(columns found: {there})"
            )
            raise InputError(f"{raw.label}: {reason}")
    for group in table.one_of:
        if not positions.keys() & set(group):
            there = ", ".join(each for each in raw.headers if each) or "none"
            raise InputError(
                f"{raw.label}: none of its columns is {' or '.join(group)} (columns found: {there}; "
                f"say which in {FILE}: columns: {{{table.name}: {{{group[0]}: YOUR COLUMN}}}})"
            )
    return InputFile(raw, positions)


def text_sql(file: InputFile, table: SourceTable, *further: str) -> str:
    """Write the query of a file's values as text under the table's names, null where there is no value."""
    values = [
        f"{present(file.raw.texts[file.positions[each.name]])} as {each.name}"
        if each.name in file.positions
        else f"cast(null as varchar) as {each.name}"
        for each in table.columns
    ]
    return f"select {', '.join([*values, *further])} from {file.raw.relation}"


def typed_columns(table: SourceTable, dialect: Dialect) -> str:
    """Write the select list that turns a table's text columns into typed ones."""
    return ",\n    ".join(f"{typed(each.kind, each.name, dialect)} as {each.name}" for each in table.columns)


def check_file(file: InputFile, table: SourceTable, dialect: Dialect) -> int:
    """Read one file in full and object to its first value that cannot be used.

    Returns
    -------
    int
        How many rows it has.

    Raises
    ------
    InputError
        A line is malformed, a value is not of its column's kind, or it is empty where one is needed.
    """
    bad = {
        column: f"{typed(column.kind, column.name, dialect)} is null"
        + (f" and {column.name} is not null" if column.may_be_empty else "")
        for column in table.columns
        if column.name in file.positions and (not column.may_be_empty or column.kind in NOT_A)
    }
    counted = [f"count(*) filter (where {condition})" for condition in bad.values()]
    query = f"select {', '.join(['count(*)', *counted])} from ({text_sql(file, table)})"
    rows, *counts = _one_row(file.raw, query)
    further = {column: count - 1 for column, count in zip(bad, counts, strict=True) if count}
    if further:
        # Only now are the rows numbered, which costs more than all the rest.
        firsts = [
            f"min_by({{'row': _row, 'value': {each.name}}}, _row) filter (where {bad[each]})"
            for each in further
        ]
        numbered = text_sql(file, table, f"{file.raw.row} as _row")
        found = zip(_one_row(file.raw, f"select {', '.join(firsts)} from ({numbered})"), further, strict=True)
        first, column = min(found, key=lambda each: each[0]["row"])
        more = further[column]
        value = first["value"]
        reason = problem(column.kind, _shortened(value), dialect) if value else "the value is empty"
        if more:
            reason += f" (and {more:,} more such value{'s' * (more > 1)} in this column)"
        where = f"row {first['row']}{_line_of(file.raw, first['row'])}, column {file.header(column.name)}"
        raise InputError(f"{file.raw.label}: {where}: {reason}")
    return int(rows)


def header_key(name: str) -> str:
    """Return what two headers have in common that mean the same column by their letters."""
    # 'ï»¿' is a UTF-8 byte order mark read as latin-1.
    return re.sub(r"[\s_\ufeff]|ï»¿", "", unicodedata.normalize("NFC", name)).casefold()


def sql_string(value: object) -> str:
    """Quote a value as an SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what reading a broken or forbidden file raises into an InputError."""
    try:
        yield
    except EncodingError as error:
        raise InputError(str(error)) from error
    except UnicodeDecodeError as error:
        reason = f"byte {error.object[error.start]:#04x} is not {error.encoding.upper()} text"
        raise InputError(f"{path}: {reason}; {FILE} may say under csv: which encoding it is in") from error
    except (OSError, EOFError, zlib.error, csv.Error, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise InputError(f"{path}: cannot be read: {reason}") from error


def _one_row(raw: RawFile, query: str) -> tuple[Any, ...]:
    with engine_reading(raw) as connection:
        return connection.execute(query).fetchone() or (0,)


@contextmanager
def engine_reading(raw: RawFile) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection and turn what the engine raises over a file into an InputError."""
    try:
        with duckdb.connect() as connection:
            yield connection
    except duckdb.Error as error:
        raise InputError(f"{raw.label}: {_condensed(error)}") from error


def _shortened(value: str) -> str:
    return value if len(value) <= 100 else f"{value[:100]}…"


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower()


def _raw_parquet(copy: Path, label: str, delivered: Path, headers: Sequence[str] | None) -> RawFile:
    """Open a Parquet file; a sheet's copy holds text columns and its row numbers last."""
    with pq.ParquetFile(copy) as parquet:
        schema, rows = parquet.schema_arrow, parquet.metadata.num_rows
    if rows == 0:
        raise InputError(f"{label}: the file has columns but no rows")
    texts = [_parquet_text(str(name), schema.field(at).type) for at, name in enumerate(schema.names)]
    return RawFile(
        label=label,
        path=delivered,
        relation=(
            f"read_parquet({sql_string(copy.absolute())}, file_row_number = true, binary_as_string = true, "
            "hive_partitioning = false)"
        ),
        headers=tuple(headers or map(str, schema.names)),
        texts=tuple(texts[: len(headers)] if headers else texts),
        row=schema.names[-1] if headers else "file_row_number + 1",
    )


def _parquet_text(header: str, kind: Any) -> str:
    """Write the SQL of a Parquet column as text: whole numbers without a fraction, instants in UTC."""
    column = '"' + header.replace('"', '""') + '"'
    if pa.types.is_timestamp(kind):
        if kind.tz:
            return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S.%fZ')"
        column = f"cast({column} as timestamp)"
    if pa.types.is_floating(kind):
        column = f"nullif({column}, 'nan')"
    text = f"cast({column} as varchar)"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return rf"regexp_replace({text}, '\.0+$', '')"
    return text


def _raw_text(path: Path, written: Csv, scratch: Path) -> RawFile:
    encoding = written.encoding or encoding_of(path)
    with _lines(path, encoding) as lines:
        first = [line for line in islice(lines, 200) if line.strip()]
    delimiter = written.delimiter or _delimiter(first)
    fields = (
        list(csv.reader(first, delimiter=delimiter))
        if delimiter != _BLANKS
        else [each.split() for each in first]
    )
    if not fields:
        raise InputError(f"{path}: the file is empty")
    header = written.header if written.header is not None else has_header(fields)
    if header and len(fields) == 1:
        raise InputError(f"{path}: the file has a header but no rows")
    form = CsvFormat(encoding, delimiter, header)
    headers = (
        [name.strip("\ufeff").strip() for name in fields[0]]
        if header
        else [f"column_{at}" for at in range(1, len(fields[0]) + 1)]
    )
    source = path
    if encoding not in READ_DIRECTLY or delimiter == _BLANKS:
        source = scratch / f"{path.name.split('.')[0]}-{len(list(scratch.iterdir()))}.csv"
        if delimiter == _BLANKS:
            _write_fields(path, encoding, source)
        else:
            utf8_copy(path, encoding, source)
    gzipped = source == path and path.suffix.lower() == ".gz"
    columns = {f"_{at}": "varchar" for at in range(len(headers))}
    return RawFile(
        label=str(path),
        path=path,
        relation=(
            f"read_csv({sql_string(source.absolute())}, auto_detect = false, header = {str(header).lower()}, "
            f"columns = {columns}, delim = '{',' if delimiter == _BLANKS else delimiter}', quote = '\"', "
            f"escape = '\"', encoding = '{READ_DIRECTLY[encoding] if source == path else 'utf-8'}', "
            f"compression = '{'gzip' if gzipped else 'none'}', hive_partitioning = false)"
        ),
        headers=tuple(headers),
        texts=tuple(columns),
        row="row_number() over ()",
        csv=form,
    )


def _delimiter(lines: Sequence[str]) -> str:
    """Tell the delimiter by the first line; a blank where it has none and blanks part equal columns."""
    unquoted = re.sub(r'"[^"]*"?', "", lines[0]) if lines else ""
    best = max(_DELIMITERS, key=unquoted.count)
    counts = {len(line.split()) for line in lines}
    if not unquoted.count(best) and len(counts) == 1 and counts.pop() > 1:
        return _BLANKS
    return best


def _write_fields(path: Path, encoding: str, out: Path) -> None:
    with _lines(path, encoding) as lines, out.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(line.split() for line in lines if line.strip())


def _text_bytes(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


@contextmanager
def _lines(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    decoding = "utf-8-sig" if encoding == "utf-8" else encoding
    with _text_bytes(path) as stream, io.TextIOWrapper(stream, encoding=decoding, newline="") as lines:
        yield iter(lines)


def _line_of(raw: RawFile, row: int) -> str:
    """Say on which line of a text file a row ends (rows may span lines, blank lines are no rows)."""
    if raw.csv is None or raw.csv.delimiter == _BLANKS:
        return ""
    with _lines(raw.path, raw.csv.encoding) as lines:
        reader = csv.reader(lines, delimiter=raw.csv.delimiter)
        numbers = (reader.line_num for fields in reader if fields)
        return f" (line {next(islice(numbers, row - (not raw.csv.header), None), '?')} of the file)"


def _condensed(error: duckdb.Error) -> str:
    """Put DuckDB's page about a malformed CSV line into one sentence."""
    report = re.split(r"\n+(?:Possible |This can happen )", str(error))[0]
    line = re.search(r"CSV Error on Line: (\d+)", report)
    reason = report.strip().splitlines()[-1].removeprefix("Invalid Input Error: ")
    reason = re.sub(r"Expected Number of Columns: (\d+) Found:", r"expected \1 fields, found", reason)
    if "reached an invalid state" in reason:
        reason = "its lines end in different ways (LF and CR LF), or a quote is stray"
    return f"line {line[1]}: {reason}" if line else f"cannot be read: {reason}"
