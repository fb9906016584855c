"""Which engine it is."""

import os
from pathlib import Path

from palette.core.errors import InputError
from palette.core.settings import Variable

DUCKDB, SPARK = "duckdb", "spark"
PLACES = {DUCKDB: "palette.duckdb", SPARK: "spark"}  # file or folder of the project's own warehouse
HERE = {"PALETTE_ENGINE": DUCKDB}  # environment of work too small for any other engine
ENVIRONMENT = {
    "PALETTE_ENGINE": Variable(f"`{DUCKDB}`", "engine that dbt builds with: `duckdb` or `spark`"),
    "PALETTE_LANDING": Variable(
        "`target/landing`",
        "folder or Hadoop path, such as `hdfs://host/landing`, where Spark's workers read the shops' files",
    ),
    "PALETTE_SPARK_MASTER": Variable(
        "`local[*]`",
        "where Spark runs, such as `spark://host:7077`; `sc://host:port` is a Spark Connect server",
    ),
}


def on_spark(session: object) -> bool:
    """Tell whether what dbt hands a Python model is Spark's; pyspark need not be installed.

    DuckDB's connections cannot be told by their type: dbt wraps them.
    """
    return type(session).__module__.partition(".")[0] == "pyspark"


def has_workers(session: object) -> bool:
    """Tell whether what dbt hands a Python model can have Python run elsewhere, with what is sent there once.

    A session of Spark Connect cannot: it knows no broadcast.
    """
    return on_spark(session) and not type(session).__module__.startswith("pyspark.sql.connect")


def makes_folders() -> bool:
    """Tell whether a warehouse of the engine that the environment chooses is a folder, not a file.

    Raises
    ------
    InputError
        The environment's ``PALETTE_ENGINE`` names none.
    """
    return _chosen() == SPARK


def place_of(folder: Path) -> Path:
    """Return the absolute path of the warehouse: the environment's ``PALETTE_DB``, else one in a folder.

    Raises
    ------
    InputError
        The environment's ``PALETTE_ENGINE`` names no engine, or one whose tables are out of sight from here.
    """
    chosen = os.environ.get("PALETTE_DB") or ""
    master = os.environ.get("PALETTE_SPARK_MASTER") or ""
    if makes_folders() and (master.startswith("sc://") or "://" in chosen):
        raise InputError(
            f"{chosen or master}: the commands of `palette` work on warehouses in a folder of this machine; "
            f"`dbt build --target {SPARK}` makes the tables there"
        )
    return Path(chosen).absolute() if chosen else folder / PLACES[_chosen()]


def _chosen() -> str:
    chosen = os.environ.get("PALETTE_ENGINE") or DUCKDB
    if chosen not in PLACES:
        raise InputError(f"PALETTE_ENGINE is {chosen}: there are {' and '.join(PLACES)}")
    return chosen
