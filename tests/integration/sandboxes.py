"""Throw-away warehouses: each test that builds does so from its own files into its own folder."""

import contextlib
import functools
import io
import os
import pprint
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.resources.v1.semantic_layer_components import WhereFilterIntersection
from dbt.cli.main import dbtRunner
from dbt.config.runtime import load_profile
from dbt.contracts.files import FileHash
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumaro_encoder
from dbt.version import __version__
from dbt_common.context import set_invocation_context
from filelock import FileLock
from typer.testing import CliRunner

from palette.cli import app
from projects import ROOT

BIN = Path(sys.executable).parent
ONE_FOLD = ("--vars", "{recommendation_folds: 1}")
UNTESTED = ("--exclude-resource-type", "test")  # where another test has a tested warehouse of such a shop
DEMO_DAY = "2011-11-15"  # the last day of the small demo shop
OF_BUILDS = (
    "quality_history",
    "recommendation_choice_history",
    "value_choice_history",
)  # ids and times of builds are in them
DEMO_FILE = Path("online_retail", "online_retail.csv")


@dataclass(frozen=True)
class Run:
    """What a command printed, and how it ended."""

    code: int
    output: str


@dataclass(frozen=True)
class Sandbox:
    """A folder with input files, a warehouse and dbt's target of its own, over a checkout of the project."""

    folder: Path
    data: Path
    project: Path = ROOT
    retailers: str = "online_retail"

    @property
    def warehouse(self) -> Path:
        return self.folder / "palette.duckdb"

    @property
    def scratch(self) -> Path:
        """The file that `palette build` builds before it puts it in the warehouse's place."""
        return self.folder / ".building" / self.warehouse.name / self.warehouse.name

    @property
    def target(self) -> Path:
        return self.folder / "target"

    def environment(self) -> dict[str, str]:
        return {
            "PALETTE_DATA": str(self.data),
            "PALETTE_DB": str(self.warehouse),
            "PALETTE_RETAILERS": self.retailers,
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_USE_COLORS": "0",
            "COLUMNS": "200",
        }

    @contextlib.contextmanager
    def inside(self, further: Mapping[str, str]) -> Iterator[None]:
        """Work in the project's folder, with this place's environment and further variables."""
        before = os.environ | {}
        os.environ |= self.environment() | further
        try:
            with contextlib.chdir(self.project):
                yield
        finally:
            os.environ.clear()
            os.environ |= before

    def run(self, *command: str | Path) -> Run:
        """Run a command of the virtual environment, as a user does."""
        if command[:2] == ("palette", "build") and "--help" not in command:
            self.leave_parsed(self.scratch, *command)
        done = subprocess.run(
            [str(BIN / command[0]), *map(str, command[1:])],
            cwd=self.project,
            env=os.environ | self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def palette(self, *command: str | Path) -> Run:
        """Run a command of `palette` in this process, and dbt as well: each start of Python takes seconds.

        That it starts dbt as it should is for the tests of the command line, which `run` it.
        """
        if command[0] == "build":
            self.leave_parsed(self.scratch, *command)

        def dbt_here(
            arguments: Sequence[str],
            warehouse: Path,
            further: Mapping[str, str] | None = None,
            **_: object,
        ) -> int:
            environment = {"PALETTE_DB": str(warehouse)} | dict(further or {})
            done = self.dbt(*arguments, environment=dict(os.environ) | environment, artefacts=True)
            print(done.output)
            return done.code

        on_end = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.MonkeyPatch.context() as patch, self.inside({}):
                patch.setattr("palette.warehouse.dbt", dbt_here)
                patch.setattr("palette.assignment.dbt", dbt_here)
                done = CliRunner().invoke(app, [str(part) for part in command])
        finally:
            signal.signal(signal.SIGTERM, on_end)
        unforeseen = "" if isinstance(done.exception, SystemExit) else f"{done.exception or ''}"
        return Run(done.exit_code, done.output + unforeseen)

    def dbt(
        self, *arguments: str, environment: Mapping[str, str] | None = None, artefacts: bool = False
    ) -> Run:
        """Run dbt in this process, which saves its start.

        It writes its JSON files, which takes about a second, for those alone who look at these artefacts.
        """
        messages: list[str] = []
        further = {"DBT_WRITE_JSON": str(artefacts), **(environment or {})}
        try:
            with self.inside(further), contextlib.redirect_stdout(io.StringIO()):
                manifest = None
                if self.project == ROOT and "parse" not in arguments:
                    manifest = parsed()
                else:
                    self.leave_parsed(self.warehouse, *arguments)
                runner = dbtRunner(
                    manifest.deepcopy() if manifest else None,
                    callbacks=[lambda event: messages.append(event.info.msg)],
                )
                done = runner.invoke([*arguments])
        finally:
            DuckDBConnectionManager.close_all_connections()
        return Run(0 if done.success else 1, "\n".join([*messages, str(done.exception or "")]))

    def leave_landed(self, other: "Sandbox") -> "Sandbox":
        """Leave what another place has landed of the same files: reading the real one takes seconds."""
        shutil.copytree(other.target / "landing", self.target / "landing", copy_function=os.link)
        return self

    def leave_parsed(self, warehouse: Path, *arguments: str | Path, target: Path | None = None) -> None:
        """Leave dbt what is parsed of the project: it reads what a test changed, where it would read all.

        It takes it for commands on that warehouse with those `--vars` alone, by hashes of both.
        """
        file = (target or self.target) / "partial_parse.msgpack"
        known = parsed()
        if known is None or file.exists():
            return
        set_invocation_context(os.environ | {"PALETTE_DB": str(warehouse)})
        connection = load_profile(str(ROOT), {}).credentials.connection_info()
        given = arguments[arguments.index("--vars") + 1] if "--vars" in arguments else "{}"
        known.state_check.vars_hash = hash_of_variables(given)
        known.state_check.profile_hash = FileHash.from_contents(pprint.pformat(sorted(connection)))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(known.to_msgpack(extended_mashumaro_encoder))

    def attempt(self, *arguments: str, artefacts: bool = False) -> Run:
        """Run `dbt build` without the unit tests: they look at code, and have a test of their own."""
        return self.dbt("build", *arguments, "--exclude-resource-type", "unit_test", artefacts=artefacts)

    def build(self, *arguments: str, artefacts: bool = False) -> "Sandbox":
        """Run `dbt build` without the unit tests, which has to succeed."""
        run = self.attempt(*arguments, artefacts=artefacts)
        assert run.code == 0, run.output
        return self

    def query(self, sql: str) -> pd.DataFrame:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(sql).df()

    def columns(self) -> dict[str, list[str]]:
        """Columns of every table and view that dbt built, by its name."""
        found = self.query("""
            select table_name, column_name from information_schema.columns
            where table_schema in ('main', 'intermediate', 'staging', 'seeds')
            order by table_name, ordinal_position
        """)
        return found.groupby("table_name")["column_name"].agg(list).to_dict()


class Parsing:
    """Where what dbt parsed lies for all workers, of which the first one parses; its hash of no `--vars`."""

    folder: Path | None = None
    of_no_variables: FileHash | None = None


def hash_of_variables(given: str | Path) -> FileHash:
    """Hash `--vars` as dbt does, some versions with the names of profile and target and others without."""

    def hashed(variables: object, *names: str) -> FileHash:
        return FileHash.from_contents("\x00".join([pprint.pformat(variables), *names, __version__]))

    versions = (("palette", "duckdb"), ("", ""))
    names = [names for names in versions if hashed({}, *names) == Parsing.of_no_variables]
    assert names, "dbt tells `--vars` apart in a new way"
    return hashed(yaml.safe_load(str(given)), *names[0])


@functools.cache
def parsed() -> Manifest | None:
    """Parse the project as it is, once: no `--vars` change what is parsed, which a test looks at.

    What is wrong with the project is for the command to say.
    """
    with contextlib.ExitStack() as stack:
        target = Parsing.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("DBT_TARGET_PATH", str(target))
        patch.setenv("PALETTE_DB", str(target / "palette.duckdb"))
        patch.setenv("DBT_WRITE_JSON", "true")  # the manifests, which tests look at
        patch.chdir(ROOT)
        stack.enter_context(FileLock(target / "parsing"))
        manifest = dbtRunner().invoke(["parse", "--quiet"]).result
    if manifest:
        Parsing.of_no_variables = manifest.state_check.vars_hash
    for query in manifest.saved_queries.values() if manifest else ():
        # dbt cannot copy a manifest whose saved queries have no filter.
        query.query_params.where = query.query_params.where or WhereFilterIntersection([])
    return manifest


def us_date(line: str) -> str:
    """ISO date of a line of the demo's CSV: the only field with a slash and a time."""
    field = next(part for part in line.split(",") if part.count("/") == 2 and ":" in part)
    month, day, year = field.split()[0].split("/")
    return f"{year}-{int(month):02}-{int(day):02}"


def identical(first: Sandbox, second: Sandbox, where: str = "true") -> list[str]:
    """Names of the first one's marts that are not the same in both warehouses, row for row.

    With a condition, only the rows it holds for are compared, of marts that it can be asked of. The histories
    of builds are left out: they tell builds apart.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{first.warehouse}' as first (read_only)")
        connection.execute(f"attach '{second.warehouse}' as second (read_only)")
        names = connection.execute(f"""
            select table_name from duckdb_columns()
            where database_name = 'first' and schema_name = 'main' and table_name not in {OF_BUILDS}
            group by table_name having {"true" if where == "true" else "bool_or(column_name = 'retailer')"}
        """).fetchall()
        assert names

        def rows(database: str, table: str) -> str:
            return f"select * from {database}.main.{table} where {where}"

        return [
            name for (name,) in names if any_row_apart(connection, rows("first", name), rows("second", name))
        ]


def any_row_apart(connection: duckdb.DuckDBPyConnection, first: str, second: str) -> bool:
    """Tell whether two queries give other rows, or the same ones another number of times."""
    apart = f"(({first}) except all ({second})) union all (({second}) except all ({first})) limit 1"
    return connection.execute(apart).fetchone() is not None
