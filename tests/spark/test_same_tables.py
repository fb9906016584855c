"""A build on Spark makes the tables that one on DuckDB makes: names, types and all rows, nothing less."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

pytest.importorskip("pyspark", reason="Spark is not installed: make test-spark installs it")

from dbt.adapters.palette_spark import PaletteSparkCredentials
from dbt.adapters.palette_spark.session import session_of, stop
from palette.demo import write_demo

ROOT = Path(__file__).parents[2]
CUSTOMERS = 150
OF_A_BUILD = {"build_id", "built_at"}  # columns that no two builds share


def build(engine: str, data: Path, folder: Path) -> Path:
    """Run `dbt build` on an engine; returns the warehouse."""
    warehouse = folder / "palette.duckdb"
    environment = {
        "PALETTE_ENGINE": engine,
        "PALETTE_SPARK_MASTER": os.environ.get("PALETTE_SPARK_MASTER", "local[2]"),
        "PALETTE_DATA": str(data),
        "PALETTE_DB": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "unit_test"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return warehouse


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("both")
    write_demo(folder / "data", customers=CUSTOMERS)
    built = {engine: build(engine, folder / "data", folder / engine) for engine in ("duckdb", "spark")}
    yield built["duckdb"], built["spark"]
    stop()


def test_every_table_is_the_same(warehouses: tuple[Path, Path]) -> None:
    here, there = warehouses
    session = session_of(PaletteSparkCredentials(schema="main", master="local[2]", warehouse=str(there)))
    with duckdb.connect(str(here), read_only=True) as connection:
        names = [
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() "
                "union select schema_name, view_name from duckdb_views() where not internal order by all"
            ).fetchall()
        ]
        assert len(names) > 120
        differing = {name: found for name in names if (found := differences(connection, session, name))}
    assert differing == {}


def differences(connection: duckdb.DuckDBPyConnection, session: Any, name: str) -> str:
    """Say what differs in a table of both warehouses, nothing where they are equal."""
    connection.register("there", session.table(name).toArrow())
    relations = {"here": connection.table(name), "there": connection.table("there")}
    here, there = (list(zip(each.columns, map(str, each.types), strict=True)) for each in relations.values())
    if here != there:
        return f"columns: {set(here) ^ set(there)}"
    columns = ", ".join(f'"{column}"' for column, _ in here if column not in OF_A_BUILD)
    alone = [
        connection.execute(
            f"select {columns} from {first} except all select {columns} from {second}"
        ).fetchall()
        for first, second in ((name, "there"), ("there", name))
    ]
    return f"rows: {alone}"[:2000] if any(alone) else ""
