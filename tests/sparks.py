"""Spark for tests; where there is none, `pytest.importorskip("sparks", exc_type=ImportError)` skips them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from projects import ROOT

try:
    import dbt.adapters.spark  # noqa: F401
    from pyspark.find_spark_home import _find_spark_home
    from pyspark.sql import SparkSession

    from dbt.adapters.palette_spark import PaletteSparkCredentials
    from dbt.adapters.palette_spark.session import session_of
except ImportError as error:
    raise ImportError(f"Spark is not installed: make test-spark installs it ({error})") from error
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    raise ImportError("Java is not installed: Spark needs 17 or newer")

OF_A_BUILD = {"build_id", "built_at"}  # columns that no two builds share
LOOPBACK = "127.0.0.1"


def session_on(warehouse: Path, master: str = "local[2]") -> SparkSession:
    """Start the process's session on a warehouse."""
    return session_of(PaletteSparkCredentials(schema="main", master=master, warehouse=str(warehouse)))


def build(
    engine: str,
    data: Path,
    folder: Path,
    *arguments: str,
    told: Callable[[str], object] = lambda _: None,
    **environment: str,
) -> Path:
    """Run `dbt build` on an engine, which has to succeed.

    Parameters
    ----------
    engine, data
        `duckdb` or `spark`, and the shops.
    folder
        A new one for all that is made.
    arguments, environment
        More of them for dbt.
    told
        Called for each line that dbt prints.

    Returns
    -------
    pathlib.Path
        The warehouse.
    """
    warehouse = folder / "warehouse"
    folder.mkdir()
    known = {
        "PALETTE_ENGINE": engine,
        "PALETTE_SPARK_MASTER": os.environ.get("PALETTE_SPARK_MASTER") or "local[2]",
        "PALETTE_DATA": str(data),
        "PALETTE_RETAILERS": "",
        "PALETTE_DB": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_USE_COLORS": "0",
    }
    command = [str(Path(sys.executable).with_name("dbt")), "build", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | known | environment, stdout=subprocess.PIPE, text=True
    ) as running:
        lines = []
        for line in running.stdout or ():
            lines.append(line)
            told(line)
    assert running.returncode == 0, "".join(lines)
    return warehouse


def differing(here: Path, there: Path) -> dict[str, str]:
    """Say by table or view what differs between warehouses of DuckDB and of Spark: names, types, rows."""
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
        return {
            name: found
            for name in sorted(names)
            if (found := differences(connection, name, rows_of(name, there, session)))
        }


def rows_of(name: str, warehouse: Path, session: SparkSession) -> pa.Table:
    """Read the files of a table, which takes a tenth of the time; Spark reads what has none, as views."""
    schema, table = name.split(".")
    files = [str(file) for file in (warehouse / f"{schema}.db" / table).glob("*.parquet")]
    with duckdb.connect() as connection:
        return connection.read_parquet(files).to_arrow_table() if files else session.table(name).toArrow()


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


@contextmanager
def machines(folder: Path, count: int = 2) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a master and workers of a core each, with what each of them starts in a group of its own.

    Yields
    ------
    str, list of subprocess.Popen
        The master's URL, and the workers. All are ended in the end.
    """
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = str(free.getsockname()[1])
    master = f"spark://{LOOPBACK}:{port}"
    own = ["--host", LOOPBACK, "--webui-port", "0"]
    classes = [["master.Master", *own, "--port", port]]
    classes += [
        [
            "worker.Worker",
            *own,
            "--cores",
            "1",
            "--memory",
            "1g",
            "--work-dir",
            str(folder / str(number)),
            master,
        ]
        for number in range(count)
    ]
    environment = os.environ | {
        "SPARK_HOME": _find_spark_home(),
        "SPARK_LOCAL_IP": LOOPBACK,
        "PYSPARK_PYTHON": sys.executable,
    }
    started: list[subprocess.Popen[bytes]] = []
    try:
        for name, *arguments in classes:
            command = [f"{environment['SPARK_HOME']}/bin/spark-class", f"org.apache.spark.deploy.{name}"]
            with (folder / f"{len(started)}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        [*command, *arguments],
                        env=environment,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        yield master, started[1:]
    finally:
        for each in started:
            end(each)


def loopback(folder: Path, settings: str = "") -> Path:
    """Write settings of sessions whose workers are :func:`machines`; returns their ``SPARK_CONF_DIR``."""
    found = folder / "settings"
    found.mkdir()
    own = f"spark.driver.bindAddress {LOOPBACK}\nspark.driver.host {LOOPBACK}\nspark.executor.memory 800m\n"
    (found / "spark-defaults.conf").write_text(own + settings)
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process at once, and all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
