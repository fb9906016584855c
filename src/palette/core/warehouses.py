"""Opens a built warehouse, whatever may be wrong with it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from palette.core.errors import InputError
from palette.core.inputs import sql_string


@contextmanager
def open_warehouse(warehouse: Path, *, writable: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse.

    Parameters
    ----------
    warehouse
        The file, or the folder where another engine keeps each table as Parquet files.
    writable
        Whether to write to it as well, which needs a file.

    Raises
    ------
    InputError
        It is not there, another process has it, it is no warehouse or a damaged one, or it lacks what
        the block asks for, as the warehouse of another version does. The message names it and what to do.
    """
    try:
        with (
            _over(warehouse)
            if warehouse.is_dir()
            else duckdb.connect(str(warehouse), read_only=not writable) as connection
        ):
            yield connection
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        sentence = _sentence(error)
        if copied := re.match(r'Catalog "(.+)" does not exist', sentence):
            raise InputError(
                f"{warehouse}: a copy, whose views go by the file's name; "
                f"call it {copied[1]}{warehouse.suffix}"
            ) from error
        raise InputError(
            f"{warehouse}: not a warehouse of this version, run `make build` ({sentence})"
        ) from error
    except duckdb.IOException as error:
        sentence = _sentence(error)
        what, who = ("written to", "has it open") if writable else ("read", "writes to it")
        advice = (
            f"close whatever {who}, or wait until it is done"
            if "lock" in sentence
            else "look at the disk, or move the file away and run `make build`"
        )
        raise InputError(f"{warehouse}: cannot be {what}; {advice} ({sentence})") from error


def limit_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Limit how much memory DuckDB takes before it spills to disk to the environment's ``PALETTE_MEMORY``.

    Else to half of the machine's or the container's, of which it would take four fifths: the Python models
    run in the same process.

    Raises
    ------
    InputError
        ``PALETTE_MEMORY`` is no amount.
    """
    chosen = os.environ.get("PALETTE_MEMORY")
    try:
        connection.execute("set memory_limit = ?", [chosen or _half(connection)])
    except duckdb.ParserException as error:
        raise InputError(
            f"PALETTE_MEMORY is {chosen}: has to be a number and a unit, such as 4GiB"
        ) from error


def _half(connection: duckdb.DuckDBPyConnection) -> str:
    (most,) = connection.execute("select current_setting('memory_limit')").fetchone() or ("",)
    number, unit = most.split()
    return f"{float(number) * 5 / 8:.1f} {unit}"


def _over(folder: Path) -> duckdb.DuckDBPyConnection:
    """Lay views over a folder's ``<schema>.db/<table>/*.parquet``; a table without rows may have no file."""
    connection = duckdb.connect()
    folder = folder.resolve()  # a link may point to the next build meanwhile
    for table in sorted(folder.glob("*.db/*")):
        schema, files = table.parent.stem, sorted(table.glob("*.parquet"))
        if files:
            read = f"[{', '.join(map(sql_string, files))}], union_by_name = true, hive_partitioning = false"
            connection.execute(f'create schema if not exists "{schema}"')
            try:
                connection.execute(f'create view "{schema}"."{table.name}" as from read_parquet({read})')
            except duckdb.InvalidInputException as error:  # which a damaged file of DuckDB's own is not
                raise duckdb.IOException(str(error)) from error
    return connection


def _sentence(error: duckdb.Error) -> str:
    """Take the first line of what DuckDB says, without the error's kind and its own advice."""
    return str(error).splitlines()[0].partition(": ")[2].partition(" See also")[0].rstrip(".!")
