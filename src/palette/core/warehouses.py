"""Opens a built warehouse to read from, whatever may be wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from palette.core.errors import InputError


@contextmanager
def open_warehouse(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse file to read from.

    Parameters
    ----------
    warehouse
        The file; it is only read.

    Raises
    ------
    InputError
        It is not there, another process writes to it, it is no DuckDB file or a damaged one, or it lacks what
        the block asks for, as the warehouse of another version does. The message names it and what to do.
    """
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            yield connection
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(
            f"{warehouse}: not a warehouse of this version, run `make build` ({_sentence(error)})"
        ) from error
    except duckdb.IOException as error:
        sentence = _sentence(error)
        advice = (
            "close whatever writes to it, or wait until it is done"
            if "lock" in sentence
            else "look at the disk, or move the file away and run `make build`"
        )
        raise InputError(f"{warehouse}: cannot be read; {advice} ({sentence})") from error


def _sentence(error: duckdb.Error) -> str:
    """Take the first line of what DuckDB says, without the error's kind and its own advice."""
    return str(error).splitlines()[0].partition(": ")[2].partition(" See also")[0].rstrip(".!")
