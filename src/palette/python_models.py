"""Runs the Python models on a warehouse without dbt (docs/dbt-versions.md).

What dbt hands a model is little: relations by name, and a session. Here a DuckDB connection is both.
"""

import ast
import importlib.util
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import yaml
from threadpoolctl import threadpool_limits

from palette.core.errors import InputError, near
from palette.core.forms import project_folder
from palette.core.settings import Settings
from palette.core.warehouses import limit_memory, open_warehouse
from palette.publishing import locked

FOLDER = "python_models"


@dataclass(frozen=True)
class PythonModel:
    """A model that dbt runs in Python.

    Attributes
    ----------
    path
        Its file, in the folder of its domain.
    reads
        Names of the relations that it asks dbt for.
    """

    path: Path
    reads: frozenset[str]

    @property
    def name(self) -> str:
        """Its name, and that of its table."""
        return self.path.stem

    def run(self, dbt: "Context") -> Any:
        """Return what the model makes: rows that DuckDB can read."""
        spec = importlib.util.spec_from_file_location(f"{FOLDER}.{self.name}", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.model(dbt, dbt.session)


@dataclass(frozen=True)
class Context:
    """As much of dbt as a Python model asks for."""

    session: duckdb.DuckDBPyConnection
    schemas: dict[str, str]

    def config(self, **_: object) -> None:
        """Take what the model says of its table, which is a table here."""

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        """Return the relation that was built of a model or a seed.

        Raises
        ------
        InputError
            The warehouse has none of that name.
        """
        if name not in self.schemas:
            raise InputError(f"{name} is not in the warehouse yet: build it first, dbt build --select {name}")
        return self.session.query(f'from "{self.schemas[name]}"."{name}"')


@dataclass(frozen=True)
class Made:
    """A table that was made anew: its name, its rows and the seconds it took."""

    name: str
    rows: int
    seconds: float


def python_models(folder: Path) -> list[PythonModel]:
    """Return the Python models of a project's folder, each after those that it reads.

    Parameters
    ----------
    folder
        The project's, with a ``dbt_project.yml``.
    """
    paths = sorted((folder / FOLDER).glob("*/*.py"))
    models = {path.stem: PythonModel(path, _references(path)) for path in paths}
    order = TopologicalSorter({name: sorted(model.reads & models.keys()) for name, model in models.items()})
    return [models[name] for name in order.static_order()]


def learn(
    warehouse: Path, names: Collection[str] = (), *, dbt_vars: str | None = None, wait: float = 0.0
) -> Iterator[Made]:
    """Make the tables of Python models anew in a warehouse, all of them or none.

    What SQL makes of them stays as it was.

    Parameters
    ----------
    warehouse
        A file of DuckDB; what the models read is there.
    names
        Of the models; none: all of them.
    dbt_vars
        YAML, as for dbt's ``--vars``.
    wait
        Seconds to wait for a build of the same warehouse.

    Yields
    ------
    Made
        Each table, as soon as it is made; they are kept once the last has been taken.

    Raises
    ------
    InputError
        No model has that name, a relation is missing, or the warehouse cannot be written to.
    SettingsError
        A var, or its value, is none of the project's.
    """
    if warehouse.is_dir():
        raise InputError(f"{warehouse}: a folder, but models are run without dbt in a file of DuckDB alone")
    models = python_models(project_folder())
    known = [model.name for model in models]
    for name in names:
        if name not in known:
            raise InputError(
                f"{name} is no Python model{near(name, known)} (there are: {', '.join(sorted(known))})"
            )
    settings = _settings(dbt_vars)
    with (
        locked(warehouse.resolve(), wait),
        _writing(warehouse, settings) as connection,
        threadpool_limits(1, user_api="blas"),
    ):
        context = Context(connection, _schemas(connection))
        for model in models:
            if not names or model.name in names:
                yield _made(model, context)


def _made(model: PythonModel, context: Context) -> Made:
    started = perf_counter()
    rows = model.run(context)
    schema = context.schemas.setdefault(model.name, _schema_of(model))
    table = f'"{schema}"."{model.name}"'
    context.session.execute(f'create schema if not exists "{schema}"')
    context.session.register("made", rows)
    context.session.execute(f"create or replace table {table} as from made")
    context.session.unregister("made")
    (count,) = context.session.execute(f"select count(*) from {table}").fetchone() or (0,)
    return Made(model.name, count, perf_counter() - started)


@contextmanager
def _writing(warehouse: Path, settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse to write to in one transaction, with the settings where models ask for them."""
    answer = json.dumps({"result": settings.model_dump(mode="json")})
    with open_warehouse(warehouse, writable=True) as connection:
        limit_memory(connection)
        text = duckdb.sqltype("VARCHAR")
        connection.create_function("palette_settings", lambda: answer, [], text, side_effects=True)
        connection.begin()
        yield connection  # what is not committed is undone when the connection closes
        connection.commit()


def _settings(dbt_vars: str | None) -> Settings:
    try:
        values = yaml.safe_load(dbt_vars or "{}")
    except yaml.YAMLError as error:
        raise InputError(f"--vars: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise InputError("--vars: has to hold names and values, such as '{palette_backtest: false}'")
    return Settings.check(values)


def _schemas(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the schema of each table and view: names are unique in a project of dbt."""
    found = connection.execute("select table_name, table_schema from information_schema.tables")
    return dict(found.fetchall())


def _schema_of(model: PythonModel) -> str:
    """Return the schema that ``dbt_project.yml`` names for a model."""
    configured = _configured(project_folder() / "dbt_project.yml")
    domain = configured.get(model.path.parent.name, {})
    schema: str = {**domain, **domain.get(model.name, {})}.get("+schema", "main")
    return schema


@cache
def _configured(path: Path) -> dict[str, Any]:
    (configured,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"].values()
    assert isinstance(configured, dict)
    return configured


def _references(path: Path) -> frozenset[str]:
    """Find the names in ``dbt.ref("...")``, which dbt itself reads as text."""
    calls = (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )
    return frozenset(
        ast.literal_eval(call.args[0])
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "ref"
    )
