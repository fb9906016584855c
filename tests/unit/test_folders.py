"""A warehouse that is a folder, as Spark keeps it, is read like a file and replaced in one step."""

import json
from pathlib import Path

import duckdb
import pytest

from palette import folders
from palette.core.errors import InputError
from palette.core.warehouses import open_warehouse
from palette.folders import building_site, carry_over, publish
from palette.publishing import BuildError, Site


def write(folder: Path, table: str, query: str, part: str = "part-0") -> None:
    """Write a file of a table where Spark would."""
    place = folder / f"{table.replace('.', '.db/')}"
    place.mkdir(parents=True, exist_ok=True)
    duckdb.sql(query).write_parquet(str(place / f"{part}.parquet"))


def built(site: Site, line: str, history: int) -> None:
    """Do what dbt does: build, and leave what was counted."""
    write(site.scratch, "main.order_lines", f"select '{line}' as line from range(3)")
    write(site.scratch, "main.quality_history", f"select unnest(range({history})) as build")
    (site.scratch / "seeds.db" / "product_facts").mkdir(parents=True)  # no rows, no file
    site.counts.write_text(
        json.dumps({"main.order_lines": 3, "main.quality_history": history, "seeds.product_facts": 0})
    )


def build(warehouse: Path, line: str = "new", history: int = 1) -> None:
    with building_site(warehouse) as site:
        carry_over(site)
        built(site, line, history)
        publish(site)


def lines(warehouse: Path) -> set[str]:
    with open_warehouse(warehouse) as connection:
        return {line for (line,) in connection.execute("select line from order_lines").fetchall()}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse" / "spark"


def test_a_folder_is_read_as_a_file_is(tmp_path: Path) -> None:
    write(tmp_path, "main.orders", "select 1 as a")
    write(tmp_path, "main.orders", "select 2 as a, 'x' as b", "part-1")  # appended with a new column
    write(tmp_path, "seeds.it's", "select 1.5 as a")
    (tmp_path / "main.db" / "nothing").mkdir()
    with open_warehouse(tmp_path) as connection:
        assert connection.table("orders").order("a").fetchall() == [(1, None), (2, "x")]
        assert connection.sql("""select * from seeds."it's" """).fetchall() == [(1.5,)]


@pytest.mark.parametrize("name", ["main.order_lines", "other.order_lines"])
def test_a_folder_without_the_marts_is_none(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "select 1 as another")
    with pytest.raises(InputError, match=r"not a warehouse of this version, run `make build`"):
        lines(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "main.order_lines", "select 'a' as line")
    (tmp_path / "main.db/order_lines/part-0.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(InputError, match=r"cannot be read; .*part-0\.parquet"):
        lines(tmp_path)


def test_the_link_points_to_the_new_build_and_the_one_before_stays(warehouse: Path) -> None:
    for line in ("first", "second", "third"):
        build(warehouse, line)
        assert warehouse.is_symlink()
        assert lines(warehouse) == {line}
    kept = warehouse.with_name("spark.builds")
    assert [lines(folder / "warehouse") for folder in sorted(kept.iterdir())] == [{"second"}, {"third"}]


def test_a_reader_goes_on_with_the_build_it_began_to_read(warehouse: Path) -> None:
    build(warehouse, "first")
    with open_warehouse(warehouse) as connection:
        build(warehouse, "second")
        assert connection.table("order_lines").aggregate("min(line)").fetchone() == ("first",)
    assert lines(warehouse) == {"second"}


def test_what_no_input_gives_again_is_laid_aside(warehouse: Path) -> None:
    build(warehouse, history=7)
    with building_site(warehouse) as site:
        carry_over(site)
        assert [file.name for file in site.earlier.iterdir()] == ["quality_history"]
        assert duckdb.read_parquet(str(site.earlier / "quality_history")).count("*").fetchone() == (7,)


def test_a_build_that_fails_leaves_the_earlier_one(warehouse: Path) -> None:
    build(warehouse, "first")

    def fail() -> None:
        with building_site(warehouse) as site:
            built(site, "second", 1)
            raise RuntimeError("dbt failed")

    with pytest.raises(RuntimeError):
        fail()
    assert lines(warehouse) == {"first"}


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"main.order_lines": 4}, "main.order_lines has 3 rows, where dbt counted 4"),
        ({"main.order_lines": 3, "main.orders": 1}, "main.orders is not there, though dbt built it"),
        ({"main.quality_history": 1}, "there is not one purchase in it"),
    ],
)
def test_what_is_not_whole_is_not_put_in_place(warehouse: Path, counts: dict[str, int], message: str) -> None:
    build(warehouse, "first")
    with building_site(warehouse) as site:
        built(site, "second", 1)
        site.counts.write_text(json.dumps(counts))
        with pytest.raises(BuildError, match=message):
            publish(site)
    assert lines(warehouse) == {"first"}


def test_a_warehouse_that_cannot_be_read_is_not_replaced(warehouse: Path) -> None:
    build(warehouse, "first")
    next(warehouse.glob("main.db/quality_history/*")).write_bytes(b"broken")
    with (
        building_site(warehouse) as site,
        pytest.raises(BuildError, match=r"cannot be read; .* so nothing was built"),
    ):
        carry_over(site)


def test_two_builds_wait_for_each_other(warehouse: Path) -> None:
    with (
        building_site(warehouse),
        pytest.raises(BuildError, match=r"is building it\. Nothing was built"),
        building_site(warehouse),
    ):
        pass


def test_a_folder_that_dbt_built_itself_is_not_replaced(warehouse: Path) -> None:
    write(warehouse, "main.order_lines", "select 'by hand' as line")
    with pytest.raises(BuildError, match="move it away"):
        build(warehouse)
    assert lines(warehouse) == {"by hand"}


def test_a_full_disk_is_told_before(warehouse: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palette.publishing.NEARLY_FULL", 1e30)
    with pytest.raises(BuildError, match="is full"):
        build(warehouse)
    assert not warehouse.with_name(f"spark{folders.SUFFIX}").exists()
