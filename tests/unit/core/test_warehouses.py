from pathlib import Path

import duckdb
import pytest

from palette.core.errors import InputError
from palette.core.warehouses import limit_memory, open_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "palette.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table customers as select 1 as customer_id")
    return path


@pytest.mark.parametrize(
    ("query", "named"), [("from rfm_grid", "rfm_grid"), ("select shoe_size from customers", "shoe_size")]
)
def test_what_another_version_lacks_is_named(warehouse: Path, query: str, named: str) -> None:
    problem = rf"^{warehouse}: not a warehouse of this version, run `make build` \([^\n]*{named}"
    with pytest.raises(InputError, match=problem), open_warehouse(warehouse) as connection:
        connection.execute(query)


def test_a_copy_under_another_name_is_told_the_name_that_its_views_look_for(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create view buyers as from palette.main.customers")
    copy = warehouse.rename(warehouse.with_stem("mine"))
    said = r"mine\.duckdb: a copy, .*; call it palette\.duckdb$"
    with pytest.raises(InputError, match=said), open_warehouse(copy) as connection:
        connection.execute("from buyers")


@pytest.mark.parametrize("kept", [0, 100, 20_000])
def test_a_damaged_file_is_named(warehouse: Path, kept: int) -> None:
    warehouse.write_bytes(warehouse.read_bytes()[:kept])
    with (
        pytest.raises(InputError, match=f"^{warehouse}: cannot be read; look at the disk"),
        open_warehouse(warehouse),
    ):
        pass


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=f"^{tmp_path}/none: cannot be read; .* does not exist"),
        open_warehouse(tmp_path / "none"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("default", "chosen", "expected"),
    [("16GiB", None, "10.0 GiB"), ("800MiB", None, "500.0 MiB"), ("1GiB", "3GiB", "3.0 GiB")],
)
def test_duckdb_leaves_memory_to_python_models(monkeypatch, default, chosen, expected):
    """DuckDB would take four fifths of the machine's: 16 of 20, where half are 10."""
    monkeypatch.delenv("PALETTE_MEMORY", raising=False)
    if chosen:
        monkeypatch.setenv("PALETTE_MEMORY", chosen)
    with duckdb.connect(config={"memory_limit": default}) as connection:
        limit_memory(connection)
        assert connection.execute("select current_setting('memory_limit')").fetchone() == (expected,)


@pytest.mark.parametrize("chosen", ["lots", "4 XB", "GiB"])
def test_memory_that_is_no_amount_is_refused_by_its_name(monkeypatch, chosen):
    monkeypatch.setenv("PALETTE_MEMORY", chosen)
    with (
        duckdb.connect() as connection,
        pytest.raises(InputError, match=f"^PALETTE_MEMORY is {chosen}: .* such as 4GiB$"),
    ):
        limit_memory(connection)
