"""Builds the warehouse by way of a scratch copy, so that a failed build leaves the earlier one untouched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from palette.core.errors import InputError
from palette.core.forms import project_folder
from palette.core.inputs import sql_string
from palette.core.retailers import DEMO, data_folder
from palette.demo import write_demo

HISTORIES = ("quality_history", "recommendation_choice_history")


class BuildError(InputError):
    """The warehouse could not be built or is not there."""


def warehouse_path() -> Path:
    """Return the warehouse file's absolute path: the environment's ``PALETTE_DB``, else the project's own."""
    if chosen := os.environ.get("PALETTE_DB"):
        return Path(chosen).absolute()
    return project_folder() / "warehouse" / "palette.duckdb"


def target_folder() -> Path:
    """Return the folder of what is made from the warehouse: dbt's ``DBT_TARGET_PATH``, else ``target``."""
    return project_folder() / os.environ.get("DBT_TARGET_PATH", "target")


def existing_warehouse() -> Path:
    """Return the path of the warehouse file.

    Raises
    ------
    BuildError
        Nothing was built there yet.
    """
    warehouse = warehouse_path()
    if not warehouse.is_file():
        raise BuildError(f"{warehouse}: no warehouse yet, run `make build`")
    return warehouse


def build(dbt_vars: str | None = None) -> Path:
    """Build every model, test and quality check from nothing, then put the result in place at once.

    The scratch file has the final one's name, in a folder of its own: DuckDB's views name their catalog,
    which is the file's name. Of the earlier warehouse it holds the histories, to which the build adds.

    Parameters
    ----------
    dbt_vars
        YAML for dbt's ``--vars``.

    Returns
    -------
    pathlib.Path
        The warehouse file.

    Raises
    ------
    BuildError
        The earlier file cannot be read, or dbt failed, which has printed why. The earlier file is as it was.
    """
    warehouse = warehouse_path()
    scratch = warehouse.parent / ".building" / warehouse.name
    shutil.rmtree(scratch.parent, ignore_errors=True)
    scratch.parent.mkdir(parents=True)
    carry_history(warehouse, scratch)
    write_missing_demo()
    arguments = ["build"]
    if dbt_vars:
        arguments += ["--vars", dbt_vars]
    if dbt(arguments, scratch):
        kept = f"{warehouse} is as it was" if warehouse.exists() else "no warehouse was written"
        raise BuildError(f"the build failed; {kept}. What was built until then: {scratch}")
    scratch.replace(warehouse)
    shutil.rmtree(scratch.parent)
    return warehouse


def carry_history(earlier: Path, scratch: Path) -> None:
    """Copy the histories, which no input gives again, from the earlier warehouse into the scratch one.

    Parameters
    ----------
    earlier
        The earlier warehouse; where there is none, or it has no histories, nothing happens.
    scratch
        The file to copy into.

    Raises
    ------
    BuildError
        The earlier file is no DuckDB file, or is being written to: the build would replace it all the same.
    """
    if not earlier.exists():
        return
    with duckdb.connect() as connection:
        try:
            connection.execute(f"attach {sql_string(earlier)} as earlier (read_only)")
        except duckdb.Error as error:
            raise BuildError(
                f"{earlier}: the histories in it cannot be read, so nothing was built. Close whatever "
                f"writes to the file, or move it away to begin anew. {error}"
            ) from error
        declared = connection.execute(
            """
            select table_name, sql from duckdb_tables()
            where database_name = 'earlier' and schema_name = 'main' and list_contains(?, table_name)
            """,
            [list(HISTORIES)],
        ).fetchall()
        if declared:
            connection.execute(f"attach {sql_string(scratch)} as scratch")
            connection.execute("use scratch")
        for name, sql in declared:
            connection.execute(sql)
            connection.execute(f"insert into {name} from earlier.main.{name}")


def document() -> Path:
    """Generate dbt's lineage site; builds the warehouse first where there is none.

    Returns
    -------
    pathlib.Path
        The site's first page.
    """
    warehouse = warehouse_path()
    if not warehouse.is_file():
        build()
    if dbt(["docs", "generate"], warehouse):
        raise BuildError("the lineage site could not be generated")
    return target_folder() / "index.html"


def write_missing_demo() -> None:
    """Write the demo where nothing else is to be built: no data folder is named, and no shop was added."""
    demo = project_folder() / DEMO
    if data_folder() == demo and not demo.is_dir():
        print(f"Writing the demo data to {demo}")
        write_demo(demo)


def dbt(arguments: Sequence[str], warehouse: Path, **further: str) -> int:
    """Run dbt in the project on a warehouse file; keywords are further environment variables.

    Returns
    -------
    int
        dbt's exit code.
    """
    environment = os.environ | {"PALETTE_DB": str(warehouse)} | further
    if "PALETTE_DATA" not in further:
        environment["PALETTE_DATA"] = str(data_folder())
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    return subprocess.run(command, cwd=project_folder(), env=environment, check=False).returncode
