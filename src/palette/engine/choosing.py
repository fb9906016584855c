"""Which engine it is."""

import os

from palette.core.errors import InputError
from palette.core.settings import Variable

DUCKDB = "duckdb"
ENVIRONMENT = {
    "PALETTE_ENGINE": Variable(f"`{DUCKDB}`", "engine that dbt builds with: `duckdb` or `spark`"),
    "PALETTE_SPARK_MASTER": Variable(
        "`local[*]`", "where Spark runs; `sc://host:port` is a Spark Connect server"
    ),
}


def on_spark(session: object) -> bool:
    """Tell whether what dbt hands a Python model is Spark's; pyspark need not be installed.

    DuckDB's connections cannot be told by their type: dbt wraps them.
    """
    return type(session).__module__.partition(".")[0] == "pyspark"


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
