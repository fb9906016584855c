"""The one Spark session of a process: what it is set to, how it starts, and what keeps it from starting."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from dbt.adapters.exceptions import FailedToConnectError
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from dbt.adapters.palette_spark.errors import message_of

if TYPE_CHECKING:
    from dbt.adapters.palette_spark.connections import PaletteSparkCredentials

# What makes Spark compute as other databases do; a profile may not set these otherwise.
MEANING = {
    "spark.sql.ansi.enabled": "true",  # else a bad cast or an overflow is NULL
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # else reading a timestamp depends on where it is read
    "spark.sql.variable.substitute": "false",  # else ${...} in a text is taken for a variable
}
# What a profile may set otherwise.
DEFAULTS = {
    "spark.app.name": "dbt",
    "spark.driver.maxResultSize": "0",  # Python models may fetch what they are given
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",  # for all workers, and for what Python models fetch
    "spark.log.level": "OFF",  # dbt says what went wrong, once
}

_STARTING = Lock()  # dbt connects from several threads
_current: tuple[object, SparkSession] | None = None


def session_of(credentials: "PaletteSparkCredentials") -> SparkSession:
    """Return the process's session, which is started where there is none, or one of another profile.

    Raises
    ------
    dbt.adapters.exceptions.FailedToConnectError
        It does not start; says why in one sentence.
    """
    global _current
    asked = (credentials.master, settings(credentials))
    with _STARTING:
        if _current is None or _current[0] != asked:
            stop()
            _current = (asked, _start(credentials, asked[1]))
        return _current[1]


def stop() -> None:
    """Stop the session of this process, if there is one."""
    global _current
    if _current is not None:
        _current[1].stop()
        _current = None


def settings(credentials: "PaletteSparkCredentials") -> Mapping[str, str]:
    """Return Spark's settings for a profile."""
    if credentials.is_remote:
        return credentials.spark_conf | MEANING
    derby = f"jdbc:derby:;databaseName={credentials.metastore}/metastore_db;create=true"
    return (
        DEFAULTS
        | (LOCAL if credentials.master.startswith("local") else {})
        | {
            "spark.hadoop.javax.jdo.option.ConnectionURL": derby,
            "spark.sql.warehouse.dir": credentials.warehouse,
        }
        | credentials.spark_conf
        | MEANING
    )


def _start(credentials: "PaletteSparkCredentials", configuration: Mapping[str, str]) -> SparkSession:
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True  # prints the stack of every failed query
    builder = SparkSession.builder
    for name, value in configuration.items():
        builder = builder.config(name, value)
    if credentials.is_remote:
        return _connect(credentials, builder.remote(credentials.master))
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise FailedToConnectError(
            "Spark needs Java 17 or newer, and there is none: set JAVA_HOME, or put java on the PATH"
        )
    if active := SparkSession.getActiveSession():
        raise FailedToConnectError(
            f"Spark already runs in this process, as {active.sparkContext.appName}: stop it, since its "
            "warehouse and settings cannot be changed to those of the profile"
        )
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    Path(credentials.metastore).mkdir(parents=True, exist_ok=True)
    try:
        session = builder.master(credentials.master).enableHiveSupport().getOrCreate()
    except Exception as error:
        raise FailedToConnectError(
            f"Spark did not start with the master {credentials.master}: is Java 17 or newer installed, and "
            f"can the master be reached? {_first_line(error)}"
        ) from error
    try:
        # Before the metastore is opened: Derby writes its log to the working directory otherwise.
        session._jvm.java.lang.System.setProperty(
            "derby.stream.error.file", f"{credentials.metastore}/derby.log"
        )
        session.sql("show databases").collect()
    except Exception as error:
        session.stop()
        if "XSDB6" in getattr(error, "_stackTrace", str(error)):  # Derby's number for it, deep in the causes
            raise FailedToConnectError(
                f"{credentials.metastore}: another process has this warehouse open, and its metastore "
                "takes one at a time: wait for it, or name another folder in the profile"
            ) from error
        raise FailedToConnectError(
            f"{credentials.metastore}: the metastore cannot be opened: {_first_line(error)}"
        ) from error
    return session


def _connect(credentials: "PaletteSparkCredentials", builder: Any) -> SparkSession:
    try:
        session: SparkSession = builder.getOrCreate()
        session.sql("show databases").collect()
    except ImportError as error:
        raise FailedToConnectError(
            f"The master {credentials.master} is one of Spark Connect, which needs more packages: "
            f"pip install 'pyspark[connect]' ({_first_line(error)})"
        ) from error
    except Exception as error:
        raise FailedToConnectError(
            f"The Spark Connect server {credentials.master} cannot be used: {_first_line(error)}"
        ) from error
    return session


def _first_line(error: Exception) -> str:
    return (message_of(error).splitlines() or [type(error).__name__])[0]
