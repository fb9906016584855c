"""A build on Spark makes the tables that one on DuckDB makes: names, types and all rows, nothing less."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

pytest.importorskip("sparks", exc_type=ImportError)

from tea_shop import write_shop

from dbt.adapters.palette_spark.session import stop
from palette.assignment import assign_groups
from palette.demo import write_demo
from palette.overview.summary import summarise
from palette.report.page import write_report
from sparks import build, differences, differing, loopback, machines

CUSTOMERS = 150


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("both")
    data = folder / "data"
    write_demo(data, customers=CUSTOMERS)
    write_shop(data)
    yield build("duckdb", data, folder / "duckdb"), build("spark", data, folder / "spark")
    stop()


def test_every_table_is_the_same(warehouses: tuple[Path, Path]) -> None:
    assert differing(*warehouses) == {}


def test_a_master_with_two_workers_makes_them_as_well(warehouses: tuple[Path, Path], tmp_path: Path) -> None:
    here, _ = warehouses
    stop()  # a session has one warehouse
    with machines(tmp_path) as (master, _):
        there = build(
            "spark",
            here.parents[1] / "data",
            tmp_path / "spark",
            "--resource-types",
            "model",
            "seed",
            PALETTE_SPARK_MASTER=master,
            SPARK_CONF_DIR=str(loopback(tmp_path)),
        )
    assert differing(here, there) == {}
    stop()


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
