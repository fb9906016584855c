"""Which engine the environment asks for."""

import os

from palette.core.errors import InputError

DUCKDB = "duckdb"


def require_duckdb() -> None:
    """Object to another engine where a command works on DuckDB's files.

    Raises
    ------
    InputError
        The environment's ``PALETTE_ENGINE`` names another one.
    """
    chosen = os.environ.get("PALETTE_ENGINE") or DUCKDB
    if chosen != DUCKDB:
        raise InputError(
            f"PALETTE_ENGINE is {chosen}: the commands of `palette` work on warehouses of DuckDB so far; "
            f"`dbt build --target {chosen}` makes the tables"
        )
