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
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import IO, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from palette.core.declarations import ADDED_ROWS, FILE, Csv, Declared
from palette.core.encodings import EncodingError, encoding_of, utf8_copy
from palette.core.errors import InputError, printable
from palette.core.forms import ENDINGS, Column, SourceTable
from palette.core.header_words import has_header
from palette.core.in_memory import in_memory
from palette.core.values import MOST, NOT_A, Dialect, present, problem, typed
from palette.core.workbooks import WORKBOOKS, first_row, sheets

READ_DIRECTLY = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "latin-1": "latin-1"}  # by DuckDB; others are copied
_DELIMITERS = ",;\t|"
_BLANKS = " "  # what stands for columns set apart by runs of blanks
_TEXT_TYPES = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
_ROW = "row_number() over ()"
_LOOKED_AT = 200  # lines
_HEAD = 1 << 16  # bytes
_CHUNK = 1 << 20  # bytes
_SEVERAL_ENDS = "its lines end in different ways (LF and CR LF), or a quote is stray"
_LONGEST_LINE = 1 << 24  # characters, of a text file's row

csv.field_size_limit(_LONGEST_LINE)


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
    longer
        For a text file, a table function that reads only rows with a further field that is empty.
    """

    label: str
    path: Path
    relation: str
    headers: tuple[str, ...]
    texts: tuple[str, ...]
    row: str
    csv: CsvFormat | None = None
    longer: str | None = None


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
    with reading(declared.folder):
        found = sorted(path for path in declared.folder.iterdir() if matches(path, patterns))
        if declared_patterns is None:
            others = (names for name, names in declared.retailer.files.items() if name != table.name)
            taken = [*chain.from_iterable(others), *ADDED_ROWS]
            found = [path for path in found if not matches(path, taken)]
        no_files = {path: what for path in found if (what := no_file(path))}
    files = [path for path in found if path not in no_files]
    notes = [printable(f"{path}: left out, {what} and no file") for path, what in no_files.items()]
    for pattern in declared_patterns or ():
        if not any(matches(path, [pattern]) for path in files):
            missing = f"{declared.folder / FILE}: files.{table.name}: no file {pattern} in {declared.folder}"
            raise InputError("; ".join([missing, *notes]))
    if not files and table.is_required:
        first = f".{ENDINGS[0]}"
        wanted = ", ".join(each.removesuffix(first) for each in table.patterns if each.endswith(first))
        missing = (
            f"{declared.folder}: no file of {table.form}.{table.name} (looked for {wanted} "
            f"with one of the endings {', '.join(ENDINGS)}; {FILE} may name others under `files:`)"
        )
        raise InputError("; ".join([missing, *notes]))
    return files, notes


def no_file(path: Path) -> str:
    """Say what stands where a file should; nothing where it is one."""
    if path.is_file():
        return ""
    if path.is_dir():
        return "a folder"
    if path.is_symlink():
        return "a link to nothing"
    return "a pipe or device" if path.exists() else "nothing"


def matches(path: Path, patterns: Sequence[str]) -> bool:
    """Tell whether a file's name is one of some patterns, whatever the case; hidden files never are."""
    name = _plain(path.name)
    return not name.startswith(".") and any(fnmatchcase(name, _plain(each)) for each in patterns)


def first_header(path: Path) -> tuple[str, ...]:
    """Return the column names of a file by a look at its head, of a workbook its first sheet's.

    Raises
    ------
    InputError
        They cannot be read.
    """
    name = path.name.lower()
    with reading(path):
        if name.endswith(".parquet"):
            return tuple(map(str, pq.read_schema(path).names))
        if name.endswith(WORKBOOKS):
            return first_row(path, path.stat().st_mtime_ns)
        with _text_bytes(path) as stream:
            head = stream.read(_HEAD)
        if len(head) == _HEAD:  # whole lines, of characters of one byte or two
            end = head.rfind(b"\n") + 1
            head = head[: end + (head[end : end + 1] == b"\0")]
        lines = io.StringIO(head.decode(encoding_of(io.BytesIO(head))), newline="")
        start, _ = _start(lines)
        return tuple(_first_row(path, 1, iter(start), _delimiter(start))) if start else ()


def open_raw(path: Path, written: Csv, scratch: Path, table: SourceTable | None = None) -> list[RawFile]:
    """Look into one file: how it is written and which headers it has.

    Parameters
    ----------
    path
        CSV or other delimited text (plain or .gz), Parquet, or a workbook.
    written
        What is declared of text files; the rest is found by looking.
    scratch
        Folder for copies that DuckDB can read, of workbooks and other encodings; lives as long as they do.
    table
        The table that it is to be a file of, if that is known: a row of its column names is a header,
        whatever else stands in it.

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
    if printable(path) != str(path):
        raise InputError(f"{path}: its name, or a folder's, is no UTF-8; rename it")
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
            return [_raw_text(path, written, scratch, table)]
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


def checked_columns(file: InputFile, table: SourceTable, dialect: Dialect) -> str:
    """Write the select list of :func:`typed_columns` that raises an error at a value that cannot be used.

    Which value that is, :func:`check_file` says.
    """
    refused = _refused(file, table)

    def checked(column: Column) -> str:
        value = typed(column.kind, column.name, dialect)
        if column not in refused:
            return f"{value} as {column.name}"
        return f"coalesce({value}, case when {refused[column]} then error('unusable') end) as {column.name}"

    return ",\n    ".join(map(checked, table.columns))


def _refused(file: InputFile, table: SourceTable) -> dict[Column, str]:
    """Tell of each column of a file, by an SQL condition on its text, where it has to have a typed value."""
    return {
        column: f"{column.name} is not null" if column.may_be_empty else "true"
        for column in table.columns
        if column.name in file.positions and (not column.may_be_empty or column.kind in NOT_A)
    }


def count_rows(file: InputFile) -> int:
    """Count the rows of a file.

    Raises
    ------
    InputError
        It has none, or some are too long.
    """
    (rows,) = _one_row(file.raw, f"select count(*) from {file.raw.relation}")
    if file.raw.longer:
        _refuse_longer_rows(file.raw)
    if not rows:
        raise InputError(f"{file.raw.label}: none of its rows can be read")
    return int(rows)


def check_lines(file: InputFile, table: SourceTable) -> None:
    """Read one file in full, as text.

    Raises
    ------
    InputError
        A line is malformed, or text is in another encoding.
    """
    counted = ", ".join(f"count({column.name})" for column in table.columns)
    _one_row(file.raw, f"select {counted} from ({text_sql(file, table)})")
    if file.raw.longer:
        _refuse_longer_rows(file.raw)


def check_file(file: InputFile, table: SourceTable, dialect: Dialect) -> None:
    """Read one file in full and object to its first value that cannot be used.

    Raises
    ------
    InputError
        A line is malformed, a value is not of its column's kind, or it is empty where one is needed.
    """
    bad = {
        column: f"{typed(column.kind, column.name, dialect)} is null and {condition}"
        for column, condition in _refused(file, table).items()
    }
    counted = [f"count(*) filter (where {condition})" for condition in bad.values()]
    # The others are read as well: what cannot be, is said here.
    others = [f"count({column.name})" for column in table.columns if column not in bad]
    counts = _one_row(file.raw, f"select {', '.join([*counted, *others])} from ({text_sql(file, table)})")
    further = {column: count - 1 for column, count in zip(bad, counts, strict=False) if count}
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
        reason = problem(column.kind, value, dialect) if value else "the value is empty"
        if more:
            reason += f" (and {more:,} more such value{'s' * (more > 1)} in this column)"
        where = f"row {first['row']}{_line_of(file.raw, first['row'])}, column {file.header(column.name)}"
        raise InputError(f"{file.raw.label}: {where}: {reason}")


def too_large(relation: str, table: SourceTable, expression: str) -> str:
    """Write the rows of a typed relation of which a calculation has a result that fits no decimal column."""
    numbers = (each.name for each in table.columns if each.kind in ("decimal", "integer"))
    floats = ", ".join(f"cast({name} as double) as {name}" for name in numbers)
    return f"(select * replace ({floats}) from {relation}) where abs({expression}) >= {MOST['decimal']}"


def check_calculation(file: InputFile, table: SourceTable, dialect: Dialect, expression: str) -> None:
    """Object to the first row of which the result of a calculation is too large.

    Raises
    ------
    InputError
        There is such a row.
    """
    numbered = text_sql(file, table, f"{file.raw.row} as _row")
    rows = f"(select {typed_columns(table, dialect)}, _row from ({numbered}))"
    (row,) = _one_row(file.raw, f"select min(_row) from {too_large(rows, table, expression)}")
    if row is not None:
        where = f"row {row}{_line_of(file.raw, row)}"
        raise InputError(
            f"{file.raw.label}: {where}: {expression}: from {MOST['decimal']:,} on, amounts do not fit"
        )


def names_columns(headers: Sequence[str], table: SourceTable) -> bool:
    """Tell whether headers name all columns that a table needs, under its own names."""
    keys = {header_key(name) for name in headers}
    by_name = {column.name: {header_key(name) for name in column.names} for column in table.columns}
    return all(by_name[column.name] & keys for column in table.columns if column.is_required) and all(
        any(by_name[name] & keys for name in group) for group in table.one_of
    )


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
        reason = getattr(error, "strerror", None) or (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: cannot be read: {reason}") from error


def _one_row(raw: RawFile, query: str) -> tuple[Any, ...]:
    with engine_reading(raw) as connection:
        return connection.execute(query).fetchone() or (0,)


def _refuse_longer_rows(raw: RawFile) -> None:
    """Refuse rows with a further empty field, which the engine would ignore: the others may be shifted."""
    if raw.csv and _one_row(raw, f"select count(*) from {raw.longer}")[0]:
        with _lines(raw.path, raw.csv.encoding) as lines:
            reader = csv.reader(lines, delimiter=raw.csv.delimiter)
            wanted = len(raw.headers)
            line = next((reader.line_num for fields in reader if len(fields) > wanted), "?")
        raise InputError(f"{raw.label}: line {line}: expected {wanted} fields, found {wanted + 1}")


@contextmanager
def engine_reading(raw: RawFile) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection and turn what the engine raises over a file into an InputError."""
    try:
        with in_memory() as connection:
            yield connection
    except duckdb.Error as error:
        raise InputError(f"{raw.label}: {_no_utf_8(raw) or _condensed(error)}") from error


def _no_utf_8(raw: RawFile) -> str:
    """Say which text of a Parquet file is not UTF-8; nothing of another file, or where all of it is."""
    if not raw.path.name.lower().endswith(".parquet"):
        return ""
    with reading(raw.path), pq.ParquetFile(raw.path) as parquet:
        before = 0
        for batch in parquet.iter_batches():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if (at := _first_no_utf_8(column)) is not None:
                    return f"row {before + at + 1}, column {name}: its text is not UTF-8; save it as UTF-8"
            before += len(batch)
    return ""


def _first_no_utf_8(column: pa.Array) -> int | None:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not any(test(column.type) for test in _TEXT_TYPES):
        return None
    for at, value in enumerate(column.cast(pa.large_binary()).to_pylist()):
        try:
            (value or b"").decode()
        except UnicodeDecodeError:
            return at
    return None


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).lower()


def _raw_parquet(copy: Path, label: str, delivered: Path, headers: Sequence[str] | None) -> RawFile:
    """Open a Parquet file; a sheet's copy holds text columns and its row numbers last."""
    with pq.ParquetFile(copy) as parquet:
        schema, rows = parquet.schema_arrow, parquet.metadata.num_rows
    if rows == 0:
        raise InputError(f"{label}: the file has columns but no rows")
    for field in schema:
        if pa.types.is_decimal256(field.type):
            raise InputError(
                f"{label}: column {field.name}: numbers of more than 38 digits cannot be read; "
                "save them with fewer, or as text"
            )
    # Columns are known by their place: the engine tells names apart by neither case nor number.
    names = [f"_{at}" for at in range(len(schema))]
    texts = [_parquet_text(name, field.type) for name, field in zip(names, schema, strict=True)]
    return RawFile(
        label=label,
        path=delivered,
        relation=(
            f"read_parquet({sql_string(copy.absolute())}, binary_as_string = true, "
            f"hive_partitioning = false) as raw ({', '.join(names)})"
        ),
        headers=tuple(headers or map(str, schema.names)),
        texts=tuple(texts[: len(headers)] if headers else texts),
        row=names[-1] if headers else _ROW,
    )


def _parquet_text(column: str, kind: Any) -> str:
    """Write the SQL of a Parquet column as text: whole numbers without a fraction, instants in UTC."""
    if pa.types.is_timestamp(kind):
        if kind.tz:
            return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S.%fZ')"
        column = f"cast({column} as timestamp)"
    text = f"cast({column} as varchar)"
    if pa.types.is_floating(kind):
        whole = f"cast(cast({column} as hugeint) as varchar)"
        text = f"case when abs({column}) < 1e18 and {column} = trunc({column}) then {whole} else {text} end"
        return f"case when not isnan({column}) then {text} end"
    if pa.types.is_decimal(kind):
        return rf"regexp_replace({text}, '\.0+$', '')"
    return text


def _raw_text(path: Path, written: Csv, scratch: Path, table: SourceTable | None) -> RawFile:
    encoding = written.encoding or encoding_of(path)
    with _lines(path, encoding) as lines:
        start, blank = _start(lines)
        if not start:
            raise InputError(f"{path}: the file is empty")
        delimiter = written.delimiter or _delimiter(start)
        rest = chain(start, lines)
        first = _first_row(path, blank + 1, rest, delimiter)
        header = written.header
        if header is None:
            header = has_header([first]) or (table is not None and names_columns(first, table))
        if header and not any(line.strip() for line in rest):
            raise InputError(f"{path}: the file has a header but no rows")
    form = CsvFormat(encoding, delimiter, header)
    source, mark = path, delimiter
    copy = scratch / f"{path.name.split('.')[0]}-{len(list(scratch.iterdir()))}.csv"
    if encoding not in READ_DIRECTLY and delimiter != _BLANKS:
        utf8_copy(path, encoding, copy)
        source = copy
    if delimiter == _BLANKS or blank or _has_several_line_ends(source):
        source, mark = copy.with_suffix(".rows"), ","
        _write_rows(path, form, blank, len(first), source)
    gzipped = source == path and path.suffix.lower() == ".gz"
    columns = [f"_{at}" for at in range(len(first))]

    def relation(columns: Sequence[str], *further: str) -> str:
        options = [
            sql_string(source.absolute()),
            "auto_detect = false",
            f"header = {str(header).lower()}",
            f"columns = {dict.fromkeys(columns, 'varchar')}",
            f"delim = {sql_string(mark)}",
            "quote = '\"'",
            "escape = '\"'",
            f"encoding = '{READ_DIRECTLY[encoding] if source == path else 'utf-8'}'",
            f"compression = '{'gzip' if gzipped else 'none'}'",
            f"max_line_size = {_LONGEST_LINE}",
            f"buffer_size = {2 * _LONGEST_LINE}",
            "hive_partitioning = false",
            *further,
        ]
        return f"read_csv({', '.join(options)})"

    return RawFile(
        label=str(path),
        path=path,
        relation=relation(columns),
        headers=(
            tuple(name.strip("\ufeff").strip() for name in first)
            if header
            else tuple(f"column_{at}" for at in range(1, len(first) + 1))
        ),
        texts=tuple(columns),
        row=_ROW,
        csv=form,
        longer=relation([*columns, "_longer"], "ignore_errors = true"),
    )


def _start(lines: Iterator[str]) -> tuple[list[str], int]:
    """Take the first lines of a file, without the blank ones before them; how many those are comes second."""
    numbered = dropwhile(lambda each: not each[1].strip(), enumerate(lines))
    start = list(islice(numbered, _LOOKED_AT))
    if not start:
        return [], 0
    blank, first = start[0]
    return [first.lstrip("\ufeff"), *(line for _, line in start[1:])], blank


def _first_row(path: Path, line: int, lines: Iterator[str], delimiter: str) -> list[str]:
    if delimiter == _BLANKS:
        return next(lines).split()
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: line {line}: its quotes do not match ({error})") from error


def _delimiter(lines: Sequence[str]) -> str:
    """Tell the delimiter by the first line; a blank where it has none and blanks part equal columns."""
    unquoted = re.sub(r'"[^"]*"?', "", lines[0])
    best = max(_DELIMITERS, key=unquoted.count)
    counts = {len(line.split()) for line in lines if line.strip()}
    if not unquoted.count(best) and len(counts) == 1 and counts.pop() > 1:
        return _BLANKS
    return best


def _has_several_line_ends(path: Path) -> bool:
    """Tell whether a text file of one-byte line ends has CR LF, LF and CR, or two of them, quoted or not."""
    pairs = feeds = returns = 0
    with _text_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            if chunk.endswith(b"\r"):
                chunk += stream.read(1)
            pairs += chunk.count(b"\r\n")
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
    return (pairs > 0) + (feeds > pairs) + (returns > pairs) > 1


def _write_rows(path: Path, form: CsvFormat, blank: int, width: int, out: Path) -> None:
    """Write a text file's rows as the engine reads them without fail: comma, LF, quotes where needed.

    Raises
    ------
    InputError
        A row has not as many fields as the first, quotes do not match, or rows end in different ways.
    """
    ends: set[str] = set()
    with _lines(path, form.encoding) as lines, out.open("w", encoding="utf-8", newline="") as stream:
        # By default Python 3.11 leaves a field with a line end other than the rows' without quotes.
        writer = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
        if form.delimiter == _BLANKS:
            writer.writerows(line.split() for line in lines if line.strip())
            return
        last = ""

        def remembered() -> Iterator[str]:
            nonlocal last
            for at, line in enumerate(islice(lines, blank, None)):
                last = line if at else line.lstrip("\ufeff")
                yield last

        reader = csv.reader(remembered(), delimiter=form.delimiter, strict=True)
        try:
            for fields in filter(None, reader):
                if len(fields) != width:
                    line = reader.line_num + blank
                    raise InputError(f"{path}: line {line}: expected {width} fields, found {len(fields)}")
                writer.writerow(fields)
                ends.add(last[len(last.rstrip("\r\n")) :])
        except csv.Error as error:
            line = reader.line_num + blank
            raise InputError(f"{path}: line {line}: its quotes do not match ({error})") from error
    if len(ends - {""}) > 1:
        raise InputError(f"{path}: cannot be read: {_SEVERAL_ENDS}")


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
    reason = report.strip().splitlines()[-1 if line else 0].removeprefix("Invalid Input Error: ")
    reason = re.sub(r"Expected Number of Columns: (\d+) Found:", r"expected \1 fields, found", reason)
    if "reached an invalid state" in reason:
        reason = _SEVERAL_ENDS
    return f"line {line[1]}: {reason}" if line else f"cannot be read: {reason}"
