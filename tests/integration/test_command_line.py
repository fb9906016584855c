"""The commands as a user types them."""

import json
import random
import shutil
from pathlib import Path

import duckdb
import pytest
from sandboxes import DEMO_DAY, ONE_FOLD, ROOT, Run, Sandbox, any_row_apart, identical

from harm import leave_a_log
from palette.python_models import python_models


@pytest.fixture(scope="module")
def rebuilt(
    demo: Sandbox, longer_demo: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Sandbox, Run]:
    """A `palette build` over an earlier warehouse, and what it printed; tests only read it.

    It is as of the demo's last day, of files that go on, with their lines in another order, and its learners
    have one thread more than the others'.
    """
    place = Sandbox(tmp_path_factory.mktemp("rebuilt"), tmp_path_factory.mktemp("shuffled"))
    header, *lines = longer_demo.read_text("latin-1").splitlines()
    random.Random(1).shuffle(lines)
    half = len(lines) // 2
    (place.data / "online_retail").mkdir()
    for name, part in (("b.csv", lines[:half]), ("a.csv", lines[half:])):
        (place.data / "online_retail" / name).write_text("\n".join([header, *part, ""]), "latin-1")
    shutil.copy(demo.warehouse, place.warehouse)
    leave_a_log(place.warehouse, "create or replace table orders as select * from orders limit 1")
    variables = f"{{as_of_date: {DEMO_DAY}, recommendation_folds: 1}}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "2")
        return place, place.run("palette", "build", "--vars", variables)


@pytest.mark.parametrize(
    "command",
    ["", "add", "refresh", "demo", "build", "publish", "learn", "assign", "report", "summary", "docs"],
)
def test_every_command_has_help(sandbox, command):
    run = sandbox.run("palette", *command.split(), "--help")
    assert run.code == 0
    assert "Usage:" in run.output


def test_build_ends_with_a_summary(rebuilt):
    place, run = rebuilt
    assert run.code == 0, run.output
    for words in ("customer_360", "Hibernating", "nDCG@10", "expectations hold", "make docs"):
        assert words in run.output
    assert str(place.warehouse) in run.output
    assert not (place.folder / ".building").exists()
    report = place.target / "report" / "index.html"
    assert f"Report: {report}" in run.output
    assert report.is_file()
    again = place.run("palette", "summary")
    assert again.code == 0
    assert again.output.strip() in run.output


@pytest.mark.parametrize(
    ("table", "added"),
    [
        ("quality_history", "quality_results"),
        ("recommendation_choice_history", "recommendation_choices where judged_until is not null"),
        ("value_choice_history", "value_choices where judged_until is not null"),
    ],
)
def test_build_keeps_the_histories_and_nothing_else(demo, rebuilt, table, added):
    place, _ = rebuilt
    history = place.query(f"from {table} order by all")
    before = demo.query(f"from {table} order by all")
    assert history["build_id"].nunique() == before["build_id"].nunique() + 1
    kept = history["build_id"].isin(before["build_id"])
    assert history[kept].reset_index(drop=True).equals(before)
    assert (~kept).sum() == len(place.query(f"from {added}"))


def test_the_same_lines_give_the_same_tables_as_of_a_day(demo, rebuilt):
    """Those of the day's own files, in whatever order lines stand in whatever files, and on other threads."""
    place, _ = rebuilt
    assert identical(demo, place) == []


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("staging.stg_online_retail__order_lines", "ordered_at"),
        ("intermediate.int_order_lines__unioned", "ordered_at"),
        ("order_lines", "ordered_at"),
        ("excluded_order_lines", "ordered_at"),
        ("dates", "date_day"),
    ],
)
def test_as_of_date_hides_whatever_came_later(rebuilt, table, column):
    place, _ = rebuilt
    assert place.query(f"select max({column})::date::varchar as day from {table}")["day"][0] <= DEMO_DAY


def test_build_tests_data_and_not_code(rebuilt):
    place, _ = rebuilt
    results = json.loads((place.target / "run_results.json").read_text())["results"]
    kinds = [result["unique_id"].split(".")[0] for result in results]
    assert kinds.count("test") > 100
    assert "unit_test" not in kinds


def test_build_reads_what_was_parsed_before(rebuilt):
    """Also the tests' own, which would each take seconds more."""
    place, _ = rebuilt
    assert "Unable to do partial parsing" not in (place.folder / "logs" / "dbt.log").read_text()


def test_learning_without_dbt_makes_the_tables_that_dbt_makes(demo, sandbox):
    place = Sandbox(sandbox.folder, demo.data)
    shutil.copy(demo.warehouse, place.warehouse)
    models = [model.name for model in python_models(ROOT)]
    schemas = dict(demo.query("select table_name, table_schema from information_schema.tables").to_numpy())
    with duckdb.connect(str(place.warehouse)) as connection:
        for name in models:
            connection.execute(f"drop table {schemas[name]}.{name}")
    run = place.palette("learn", *ONE_FOLD)
    assert run.code == 0, run.output
    assert f"{len(models)} tables made anew" in run.output
    with duckdb.connect() as connection:
        connection.execute(f"attach '{demo.warehouse}' as dbts (read_only)")
        connection.execute(f"attach '{place.warehouse}' as own (read_only)")
        for name in models:
            table = f"{schemas[name]}.{name}"
            types = "select column_name, column_type from (describe from {}.{})"
            assert not any_row_apart(connection, types.format("dbts", table), types.format("own", table)), (
                name
            )
            assert not any_row_apart(connection, f"from dbts.{table}", f"from own.{table}"), name


def test_summary_without_a_warehouse_says_what_to_do(sandbox):
    run = sandbox.run("palette", "summary")
    assert run.code == 1
    assert "make build" in run.output


def test_outside_the_project_the_command_says_so(sandbox):
    outside = type(sandbox)(sandbox.folder, sandbox.data, sandbox.folder)
    run = outside.run("palette", "build")
    assert run.code == 1
    assert "dbt_project.yml" in run.output


def test_demo_writes_the_same_bytes_twice(sandbox):
    for name in ("one", "two"):
        assert sandbox.run("palette", "demo", "--out", sandbox.folder / name, "--customers", "20").code == 0
    one, two = (sandbox.folder / name / "online_retail" / "online_retail.csv" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_shop_that_was_added_builds_the_same_warehouse(demo, sandbox):
    file = demo.data / "online_retail" / "online_retail.csv"
    added = type(sandbox)(sandbox.folder, sandbox.folder / "shops")
    run = added.run("palette", "add", "online_retail", file, "--yes", "--set", "form=online_retail")
    assert run.code == 0, run.output
    assert (added.data / "online_retail" / "retailer.yml").is_file()
    added.build("--select", "+order_lines")
    difference = "select sum(amount)::varchar, count(*) from order_lines"
    assert added.query(difference).equals(demo.query(difference))


def test_adding_a_broken_file_says_what_is_wrong(sandbox):
    file = sandbox.folder / "broken.csv"
    file.write_text("InvoiceNo,StockCode\n1,2\n")
    added = type(sandbox)(sandbox.folder, sandbox.folder / "shops")
    run = added.run("palette", "add", "shop", file, "--yes")
    assert run.code == 1
    assert "broken.csv" in run.output
    assert "customer_id" in run.output
    assert "Traceback" not in run.output
    assert not (added.data / "shop").exists()


def test_make_lists_its_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in ("build", "test", "lint", "docs", "bench", "clean"):
        assert f"\n{target}:" in makefile
