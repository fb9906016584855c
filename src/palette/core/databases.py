"""Reads the answer to a query from a shop's PostgreSQL database into a Parquet file, through ADBC.

The server itself writes decimals as text, so that none passes through a float; once the last row is there,
each column of them gets the narrowest type that holds all of its digits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import adbc_driver_manager
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from palette.core.errors import InputError
from palette.core.writing import put, unfinished

SCHEMES = ("postgresql", "postgres")
PASSWORD_ADVICE = "keep the password in the environment variable PGPASSWORD or in ~/.pgpass"

_BATCH_BYTES = 4 << 20
_ROW_GROUP = 122_880
_CONNECT_SECONDS = 15
_MOST_DIGITS = 38
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, in days since 1970
_DAY = 86_400_000_000  # microseconds

_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\[\]@/?#:,]*)(?::\d*)?"
_URI = re.compile(
    r"(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^/?#]*?))?@)?"
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?P<database>/[^@/?#]*)?(?:\?(?P<parameters>[^#]*))?"
)

# PostgreSQL's type -> how the server writes a column {0} of it. Enums, under any name, are texts as well.
_TAKEN = {
    **dict.fromkeys(("bool", "int2", "int4", "int8", "float4", "float8"), "{0}"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "{0}"),
    "time": "{0} + interval '0'",
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "citext", "uuid"), "{0}::text"),
    "numeric": "{0}::text",
    "money": "{0}::numeric::text",
}
_DECIMAL = ("numeric", "money")

# What to do about an error, by SQLSTATE.
_HINTS = {
    "42601": "; the query has to be one select",
    "42P01": "; look at the schema and at capital letters, which matter in a table's name",
    "42501": "; have the user granted select on it",
}
_AS_UTF_8 = "convert_from(convert(city::bytea, 'LATIN1', 'UTF8'), 'UTF8')"


class DatabaseError(InputError):
    """A database cannot be read; the message names it, never its password, and says what to do."""


@dataclass(frozen=True)
class Snapshot:
    """What was read from a database.

    Attributes
    ----------
    path : Path
        The Parquet file.
    rows : int
        How many rows it has.
    """

    path: Path
    rows: int


def query_of(table: str) -> str:
    """Write the query that reads a whole table.

    Parameters
    ----------
    table : str
        ``table`` or ``schema.table``, with the database's own capital and small letters; a name with a dot
        in it stands in double quotes.

    Raises
    ------
    DatabaseError
        That is no table's name.
    """
    name = r'\s*("(?:[^"\0]|"")+"|[^".\0]+)\s*'
    found = re.fullmatch(rf"{name}(?:\.{name})?", table)
    parts = [part.strip() for part in found.groups() if part is not None] if found else [""]
    if not all(parts):
        raise DatabaseError(
            f"'{table}' is no table's name: write table or schema.table, a name with a dot in double quotes"
        )
    names = [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts]
    return f"select * from {'.'.join(_quoted(each) for each in names)}"


def without_password(uri: str) -> str:
    """Take the password out of a database's address; what is left may be written down and shown.

    If the result differs from `uri`, there was one, and `PASSWORD_ADVICE` says where it belongs.

    Raises
    ------
    DatabaseError
        The address has another scheme than `SCHEMES` or cannot be read.
    """
    return _split(uri)[0]


def snapshot(
    uri: str,
    query: str,
    out: Path,
    *,
    on_progress: Callable[[int], None] | None = None,
    password: str | None = None,
) -> Snapshot:
    """Read what a query answers into a Parquet file.

    The query runs in a read-only transaction on one state of the database, and its answer is streamed. An
    earlier file stays as it is until the new one is whole.

    Parameters
    ----------
    uri : str
        The database's address, as libpq reads it: ``postgresql://user@host:port/database?parameters``.
    query : str
        One select.
    out : Path
        The Parquet file; its folder is made if need be.
    on_progress : callable, optional
        Told after each batch how many rows have been read.
    password : str, optional
        By default the one in `uri`, or else what libpq finds itself: PGPASSWORD, ~/.pgpass.

    Returns
    -------
    Snapshot
        The file has the query's columns in their order: whole numbers, floats, dates, timestamps, times and
        booleans as in the database (24:00 as 00:00), ``timestamptz`` as instants in UTC, ``numeric`` and
        ``money`` as decimals, and texts, enums and ``uuid`` as text (``char(n)`` without its padding).

    Raises
    ------
    DatabaseError
        The server cannot be reached or refuses the password; the query fails, is no select, or gives no rows,
        two columns of one name, a column of another type, or a value that is no number or no date (NaN,
        infinity).
    InputError
        The file cannot be written.
    """
    label, secret = _split(uri)
    query = query.strip().rstrip("; \n\t\r")
    if not query:
        raise DatabaseError(f"{label}: the query is empty; write a select")
    with _connected(label, password or secret) as cursor:
        columns = _columns(cursor, label, query)
        with unfinished(out.parent) as scratch:
            text, typed = scratch / "text.parquet", scratch / "typed.parquet"
            rows, digits = _read(cursor, label, query, columns, text, on_progress)
            decimals = {name: _decimal(label, name, *counts) for name, counts in digits.items()}
            _write_typed(text, typed, decimals)
            put(typed, out)
    return Snapshot(out, rows)


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str

    @property
    def expression(self) -> str:
        return _TAKEN.get(self.kind, "{0}::text").format(_quoted(self.name))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _split(uri: str) -> tuple[str, str | None]:
    """Give a database's address without its password, and the password."""
    scheme, separator, rest = uri.strip().partition("://")
    if not separator:
        raise DatabaseError("not a database's address: write postgresql://user@host/database")
    if scheme not in SCHEMES:
        known = " and ".join(f"{each}://" for each in SCHEMES)
        raise DatabaseError(f"{scheme}://: databases of this kind cannot be read; known are {known}")
    found = _URI.fullmatch(rest)
    if not found:
        raise DatabaseError(
            f"the address {scheme}://... cannot be read: write postgresql://user@host:port/database, "
            "with @, /, : and the like in a name or password as %40, %2F, %3A"
        )
    password, kept = found["password"], []
    for parameter in filter(None, (found["parameters"] or "").split("&")):
        key, _, value = parameter.partition("=")
        if (key := unquote(key).lower()) == "password":
            password = value
        elif key != "sslpassword":
            kept.append(parameter)
    user = "" if found["user"] is None else f"{found['user']}@"
    address = f"{scheme}://{user}{found['hosts']}{found['database'] or ''}"
    return "?".join([address, *(["&".join(kept)] if kept else [])]), unquote(password or "") or None


@contextmanager
def _connected(label: str, password: str | None) -> Iterator[Any]:
    """Open a read-only transaction that sees one state of the database."""
    try:
        from adbc_driver_postgresql import StatementOptions, dbapi
    except ImportError as error:
        raise DatabaseError(
            f"{label}: the driver is missing; install it with `pip install adbc-driver-postgresql`"
        ) from error
    further = {} if password is None else {"password": quote(password, safe="")}
    if "connect_timeout=" not in label and "PGCONNECT_TIMEOUT" not in os.environ:
        further["connect_timeout"] = str(_CONNECT_SECONDS)
    joined = "&".join(f"{name}={value}" for name, value in further.items())
    address = label + ("&" if "?" in label else "?") * bool(joined) + joined
    try:
        connection = dbapi.connect(address)
    except adbc_driver_manager.Error as error:
        raise DatabaseError(f"{label}: {_refusal(error)}") from None
    with closing(connection), connection.cursor() as cursor:
        with _asking(label):
            cursor.execute("set transaction isolation level repeatable read, read only")
            cursor.execute("set local client_encoding to 'UTF8'")
        options = {StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH_BYTES)}
        cursor.adbc_statement.set_options(**options)
        yield cursor


def _refusal(error: Exception) -> str:
    sentence = _sentence(error)
    if "no password supplied" in sentence:
        return f"the server asks for a password; {PASSWORD_ADVICE}"
    if "password authentication failed" in sentence:
        return f"{sentence}; {PASSWORD_ADVICE}"
    return f"no connection: {sentence}"


@contextmanager
def _asking(label: str) -> Iterator[None]:
    """Turn what the driver raises into a DatabaseError with the server's own sentence."""
    try:
        yield
    except (adbc_driver_manager.Error, OSError, pa.ArrowException) as error:
        sentence = _sentence(error)
        hint = _HINTS.get(getattr(error, "sqlstate", None) or "", "")
        # Errors amid the rows come without SQLSTATE.
        if "invalid byte sequence" in sentence:
            hint = f"; convert the text in the query, as in {_AS_UTF_8}"
        raise DatabaseError(f"{label}: {sentence}{hint}") from error


def _sentence(error: Exception) -> str:
    """Put the driver's report into one line: the server's own words, where there are any."""
    for key, value in getattr(error, "details", None) or ():
        if key == "PG_DIAG_MESSAGE_PRIMARY":
            return str(value.decode() if isinstance(value, bytes) else value).replace("\n", " ")
    report = re.sub(r"^.*?\[libpq\] (?:Failed to connect: )?", "", str(error), flags=re.DOTALL)
    report = re.sub(r"^Execution error \[\w+\]: ", "", report.split("\n\nQuery was:")[0])
    lines = [line for line in report.splitlines() if line and not line.startswith((" ", "\t", "LINE "))]
    # 'ERROR:  ', in the server's language.
    return "; ".join(dict.fromkeys(re.sub(r"^.*?\b\w+:  ", "", line) for line in lines))


def _columns(cursor: Any, label: str, query: str) -> list[_Column]:
    """Ask which columns the query gives, before a row is read.

    Raises
    ------
    DatabaseError
        There are none, two of one name, or one of a type that is not taken.
    """
    with _asking(label):
        schema = cursor.adbc_execute_schema(query)
    if not len(schema):
        raise DatabaseError(f"{label}: the query gives no columns; it has to be one select")
    seen: dict[str, str] = {}
    columns = []
    for field in schema:
        if field.name.casefold() in seen:
            raise DatabaseError(
                f"{label}: two columns are called {seen[field.name.casefold()]} and {field.name}; "
                "name them apart in the query, with `as`"
            )
        seen[field.name.casefold()] = field.name
        kind = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
        if kind not in _TAKEN and not pa.types.is_string(field.type):
            shown = f"{kind[1:]}[]" if kind.startswith("_") else kind
            raise DatabaseError(
                f"{label}: column {field.name}: the type {shown} cannot be taken; cast it in the query, "
                f"as in {_quoted(field.name)}::text"
            )
        columns.append(_Column(field.name, kind))
    return columns


def _read(
    cursor: Any,
    label: str,
    query: str,
    columns: Sequence[_Column],
    path: Path,
    on_progress: Callable[[int], None] | None,
) -> tuple[int, dict[str, tuple[int, int]]]:
    """Write the rows to a Parquet file, decimals as text.

    Returns
    -------
    int
        How many rows there are.
    dict
        Name of each column of decimals -> most digits before and after the point.
    """
    rows = 0
    digits = {column.name: (0, 0) for column in columns if column.kind in _DECIMAL}
    writer: pq.ParquetWriter | None = None
    try:
        for batch in _batches(cursor, label, query, columns):
            for column, values in zip(columns, batch.columns, strict=True):
                _check(label, column, values, rows)
                if column.name in digits:
                    digits[column.name] = _most_digits(values, *digits[column.name])
            rows += batch.num_rows
            writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
            writer.write_batch(batch)
            if on_progress:
                on_progress(rows)
    finally:
        if writer:
            writer.close()
    if not rows:
        raise DatabaseError(f"{label}: the query gives no rows; look at its conditions")
    return rows, digits


def _batches(cursor: Any, label: str, query: str, columns: Sequence[_Column]) -> Iterator[pa.RecordBatch]:
    selected = ", ".join(f"{column.expression} as {_quoted(column.name)}" for column in columns)
    with _asking(label):
        # The line break ends a comment at the query's end.
        cursor.execute(f"select {selected} from ({query}\n) as answer")
        reader = cursor.fetch_record_batch()
    schema = pa.schema([(field.name, field.type) for field in reader.schema])
    while True:
        with _asking(label):
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
        yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def _check(label: str, column: _Column, values: pa.Array, before: int) -> None:
    """Object to the first value of a batch that is no number or no date."""
    if (wrong := _no_value(column, values)) is None:
        return
    position = pc.index(wrong, True).as_py()
    if position < 0:
        return
    if pa.types.is_temporal(values.type):
        problem, value = "the date is infinite, before the year 1 or after 9999", "infinity"
    else:
        value = str(values[position].as_py())
        problem = f"{value} is not a number"
    raise DatabaseError(
        f"{label}: column {column.name}, row {before + position + 1} of the answer: {problem}; "
        f"say in the query what it stands for, as in nullif({_quoted(column.name)}, '{value}')"
    )


def _no_value(column: _Column, values: pa.Array) -> pa.Array | None:
    """Tell which values are infinite or not a number; none of a type that has no such values."""
    if column.kind in _DECIMAL:
        return pc.match_substring(values, "n", ignore_case=True)
    if pa.types.is_floating(values.type):
        return pc.invert(pc.is_finite(values))
    if pa.types.is_date(values.type):
        # The driver moves infinity by thirty years, as any date: it overflows, but not into these bounds.
        days = values.cast(pa.int32())
        return pc.or_(pc.less(days, _FIRST_DAY), pc.greater(days, _LAST_DAY))
    if pa.types.is_timestamp(values.type):
        instants = values.cast(pa.int64())
        return pc.or_(
            pc.less(instants, _FIRST_DAY * _DAY), pc.greater_equal(instants, (_LAST_DAY + 1) * _DAY)
        )
    return None


def _most_digits(values: pa.Array, whole: int, fraction: int) -> tuple[int, int]:
    """Count the digits of numbers before and after the point, without zeros at the end; the most so far."""
    numbers = pc.utf8_ltrim(values, "-")
    points = pc.find_substring(numbers, ".")
    has_point = pc.greater_equal(points, 0)
    length = pc.utf8_length(numbers)
    used = pc.utf8_length(pc.utf8_rtrim(numbers, "0"))
    before = pc.max(pc.if_else(has_point, points, length)).as_py()
    after = pc.max(pc.if_else(has_point, pc.subtract(pc.subtract(used, points), 1), 0)).as_py()
    return max(whole, before or 0), max(fraction, after or 0)


def _decimal(label: str, name: str, whole: int, fraction: int) -> pa.DataType:
    if whole + fraction > _MOST_DIGITS:
        raise DatabaseError(
            f"{label}: column {name}: its numbers have up to {whole} digits before and {fraction} after the "
            f"point, more than {_MOST_DIGITS}; round them in the query, as in round({_quoted(name)}, 4)"
        )
    return pa.decimal128(max(whole + fraction, 1), fraction)


def _write_typed(source: Path, target: Path, decimals: dict[str, pa.DataType]) -> None:
    """Write a Parquet file anew with its decimals typed, and see it onto the disk."""
    with pq.ParquetFile(source) as parquet, target.open("wb") as stream:
        fields = [(field.name, decimals.get(field.name, field.type)) for field in parquet.schema_arrow]
        with pq.ParquetWriter(stream, pa.schema(fields), compression="zstd") as writer:
            for batch in parquet.iter_batches(batch_size=_ROW_GROUP):
                writer.write_batch(batch.cast(writer.schema))
        stream.flush()
        os.fsync(stream.fileno())
