"""Python models run without dbt, in tiny projects."""

from pathlib import Path

import duckdb
import pytest

from palette.core.errors import InputError
from palette.core.settings import SettingsError
from palette.python_models import Made, learn, python_models

PROJECT = """
models:
  shop:
    sums:
      +schema: intermediate
      doubled: {+schema: elsewhere}
"""
MODELS = {
    "totals/total.py": """
def model(dbt, session):
    dbt.config(materialized="table")
    return dbt.ref("doubled").aggregate("sum(x) as total")
""",
    "sums/doubled.py": """
def model(dbt, session):
    return dbt.ref("numbers").project("2 * x as x")
""",
    "sums/seeded.py": """
from palette.engine import settings_of

def model(dbt, session):
    return session.sql(f"select {settings_of(session).cluster_seed} as seed")
""",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    for name, code in MODELS.items():
        path = tmp_path / "python_models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def warehouse(project: Path) -> Path:
    file = project / "shop.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema seeds; create table seeds.numbers as select unnest([1, 2]) as x")
        connection.execute("create table total as select 'before' as total")
    return file


def rows(warehouse: Path, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(f"from {table}").fetchall()


def test_a_model_follows_those_that_it_reads(project):
    assert [model.name for model in python_models(project)] == ["doubled", "seeded", "total"]
    assert [model.reads for model in python_models(project)] == [{"numbers"}, {*()}, {"doubled"}]


def test_each_table_is_made_where_the_project_puts_it(warehouse):
    made = list(learn(warehouse))
    assert [(table.name, table.rows) for table in made] == [("doubled", 2), ("seeded", 1), ("total", 1)]
    assert rows(warehouse, "elsewhere.doubled") == [(2,), (4,)]
    assert rows(warehouse, "intermediate.seeded") == [(0,)]
    assert rows(warehouse, "main.total") == [(6,)]


def test_only_what_is_named_is_made(warehouse):
    assert [table.name for table in learn(warehouse, ["doubled"])] == ["doubled"]
    assert rows(warehouse, "total") == [("before",)]


def test_models_have_the_settings_of_the_call(warehouse):
    (made,) = learn(warehouse, ["seeded"], dbt_vars="{cluster_seed: 7}")
    assert isinstance(made, Made)
    assert rows(warehouse, "intermediate.seeded") == [(7,)]


def test_an_error_leaves_the_warehouse_as_it_was(project, warehouse):
    (project / "python_models" / "totals" / "total.py").write_text("def model(dbt, session): 1 / 0")
    with pytest.raises(ZeroDivisionError):
        list(learn(warehouse))
    assert rows(warehouse, "total") == [("before",)]
    with pytest.raises(duckdb.CatalogException):
        rows(warehouse, "elsewhere.doubled")


@pytest.mark.parametrize(
    ("names", "dbt_vars", "error", "message"),
    [
        (
            ["doublet"],
            None,
            InputError,
            "doublet is no Python model: did you mean 'doubled'.*there are: .*total",
        ),
        (["total"], None, InputError, "doubled is not in the warehouse yet: .*dbt build --select doubled"),
        ([], "[1", InputError, "--vars: no YAML"),
        ([], "seed", InputError, "--vars: has to hold names and values"),
        ([], "{cluster_sed: 1}", SettingsError, "unknown var 'cluster_sed': did you mean 'cluster_seed'?"),
    ],
)
def test_what_cannot_be_is_said(warehouse, names, dbt_vars, error, message):
    with pytest.raises(error, match=message):
        list(learn(warehouse, names, dbt_vars=dbt_vars))


def test_a_folder_of_another_engine_is_refused(project):
    with pytest.raises(
        InputError, match="a folder, but models are run without dbt in a file of DuckDB alone"
    ):
        list(learn(project))
