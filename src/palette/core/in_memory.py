"""An engine without a file, to read with what shops deliver."""

from functools import cache

import duckdb


def in_memory() -> duckdb.DuckDBPyConnection:
    """Open a connection to this process's database in memory: one for all, since to start it takes longest.

    Returns
    -------
    duckdb.DuckDBPyConnection
        To be closed. Only its temporary tables and views are its own.
    """
    return _database().cursor()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    # A file that is written anew at once may have the time and size of the one that was read before.
    return duckdb.connect(config={"enable_external_file_cache": False})
