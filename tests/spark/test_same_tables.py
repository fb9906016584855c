"""A build on Spark makes the tables that one on DuckDB makes: names, types and all rows, nothing less."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from rich.console import Console

pytest.importorskip("sparks", exc_type=ImportError)

from pyspark.sql import SparkSession
from tea_shop import write_shop

from dbt.adapters.palette_spark.session import stop
from palette.assignment import assign_groups
from palette.demo import write_demo
from palette.overview.summary import summarise
from palette.report.page import write_report
from sparks import session_on

ROOT = Path(__file__).parents[2]
CUSTOMERS = 150
OF_A_BUILD = {"build_id", "built_at"}  # columns that no two builds share


def build(engine: str, data: Path, folder: Path) -> Path:
    """Run `dbt build` on an engine; returns the warehouse."""
    warehouse = folder / "warehouse"
    folder.mkdir()
    environment = {
        "PALETTE_ENGINE": engine,
        "PALETTE_SPARK_MASTER": os.environ.get("PALETTE_SPARK_MASTER") or "local[2]",
        "PALETTE_DATA": str(data),
        "PALETTE_RETAILERS": "",
        "PALETTE_DB": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), "build"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return warehouse


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("both")
    data = folder / "data"
    write_demo(data, customers=CUSTOMERS)
    write_shop(data)
    yield build("duckdb", data, folder / "duckdb"), build("spark", data, folder / "spark")
    stop()


def test_every_table_is_the_same(warehouses: tuple[Path, Path]) -> None:
    here, there = warehouses
    session = session_on(there)
    with duckdb.connect(str(here), read_only=True) as connection:
        names = {
            f"{schema}.{name}"
            for schema, name in connection.execute(
                "select schema_name, table_name from duckdb_tables() "
                "union select schema_name, view_name from duckdb_views() where not internal"
            ).fetchall()
        }
        assert {name.split(".")[0] for name in names} == {"seeds", "staging", "intermediate", "main"}
        assert names_in(session) == names
        differing = {
            name: found
            for name in sorted(names)
            if (found := differences(connection, name, session.table(name).toArrow()))
        }
    assert differing == {}


def test_the_summary_is_the_same(warehouses: tuple[Path, Path]) -> None:
    here, there = (told(warehouse) for warehouse in warehouses)
    assert here == there
    assert "customer_360" in here


def told(warehouse: Path) -> str:
    """Return what `palette summary` prints of a warehouse, but for where it is."""
    console = Console(width=200)
    with console.capture() as captured:
        for part in summarise(warehouse):
            console.print(part)
    return re.sub(r"query it.*", "", captured.get().replace(str(warehouse), "warehouse"))


def test_the_report_is_the_same(warehouses: tuple[Path, Path], tmp_path: Path) -> None:
    pages = []
    for warehouse in warehouses:
        write_report(warehouse, tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text("utf-8")
        pages.append(re.sub(r"data-[0-9a-f]{32}|\d{4}-\d\d-\d\d \d\d:\d\d", "", page))  # times of builds
    assert pages[0] == pages[1]


def test_newcomers_get_the_same_groups(
    warehouses: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = warehouses[0].parents[1] / "data"
    (purchases,) = data.glob("lpoint/*거래*.csv")
    monkeypatch.setenv("PALETTE_DATA", str(data))
    groups = []
    for engine, warehouse in zip(("duckdb", "spark"), warehouses, strict=True):
        monkeypatch.setenv("PALETTE_ENGINE", engine)
        groups.append(assign_groups(warehouse, purchases, retailer="lpoint"))
    assert len(groups[0]) > 0
    assert groups[0].equals(groups[1])


def names_in(session: SparkSession) -> set[str]:
    """Return the names of all tables and views of a warehouse."""
    schemas = [row.namespace for row in session.sql("show schemas").collect()]
    return {
        f"{schema}.{row.tableName}"
        for schema in schemas
        for row in session.sql(f"show tables in {schema}").collect()
        if not row.isTemporary
    }


def differences(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> str:
    """Say what differs between a table of a connection and another one, nothing where they are equal."""
    connection.register("there", table)
    here, there = (
        list(zip(each.columns, map(str, each.types), strict=True))
        for each in (connection.sql(f"from {name}"), connection.sql("from there"))
    )
    if here != there:
        return f"columns: {set(here) ^ set(there) or 'in another order'}"
    columns = ", ".join(f'"{column}"' for column, _ in here if column not in OF_A_BUILD)
    alone = [
        connection.execute(
            f"select {columns} from {first} except all select {columns} from {second}"
        ).fetchall()
        for first, second in ((name, "there"), ("there", name))
    ]
    return f"{sum(map(len, alone))} rows, such as {(alone[0] or alone[1])[0]}" if any(alone) else ""


@pytest.mark.parametrize(
    ("there", "told"),
    [
        ("select 1::int as x, 'a' as y", "columns"),
        ("select 'a' as y, 1::bigint as x", "columns"),
        ("select 1::bigint as x, 'a' as y from range(2)", "1 rows"),
        ("select 1::bigint as x, 'A' as y", "2 rows"),
        ("select 1::bigint as x, 'a' as y", ""),
    ],
)
def test_a_difference_is_found(there: str, told: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table here as select 1::bigint as x, 'a' as y")
        found = differences(connection, "here", connection.sql(there).to_arrow_table())
    assert found.startswith(told)
    assert bool(found) == bool(told)
