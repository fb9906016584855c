"""The profile, and dbt's connections: all of them are the one session."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from dbt.adapters.contracts.connection import AdapterResponse, Connection, ConnectionState
from dbt.adapters.spark.connections import (
    SparkConnectionManager,
    SparkConnectionMethod,
    SparkConnectionWrapper,
    SparkCredentials,
)
from dbt_common.exceptions import DbtConfigError, DbtDatabaseError
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession

from dbt.adapters.palette_spark.errors import message_of
from dbt.adapters.palette_spark.session import MEANING, session_of

REMOTE = "sc://"
DEFAULT_WAREHOUSE = "spark-warehouse"


@dataclass
class PaletteSparkCredentials(SparkCredentials):
    """What a profile says.

    Attributes
    ----------
    master
        Spark's master: ``local[*]`` and the like, ``spark://host:port`` and others that spark-submit knows,
        or ``sc://host:port``, a Spark Connect server.
    warehouse
        Folder or URL of the tables, which every worker has to reach. Not with Spark Connect, whose server has
        its own.
    metastore
        Folder of the catalog, which is the warehouse unless that is a URL.
    spark_conf
        Spark's settings; those of :data:`~dbt.adapters.palette_spark.session.MEANING` are fixed.
    """

    master: str = "local[*]"
    warehouse: str = ""
    metastore: str = ""
    spark_conf: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check what does not fit together, before anything is started."""
        self.method = SparkConnectionMethod.SESSION
        self.host = self.master
        super().__post_init__()  # turns ANSI off in `server_side_parameters`, which nothing here reads
        if not self.is_remote:
            self.warehouse = _place(self.warehouse or DEFAULT_WAREHOUSE)
            if "://" not in self.warehouse:
                self.metastore = self.metastore or self.warehouse
            elif not self.metastore:
                raise DbtConfigError(
                    f"{self.warehouse}: the catalog of a warehouse on other storage needs a folder: "
                    "set `metastore`"
                )
            self.metastore = _place(self.metastore)
        elif self.warehouse or self.metastore:
            raise DbtConfigError(
                f"{self.master}: a Spark Connect server has its own warehouse and metastore; "
                "the profile cannot name them"
            )
        self.spark_conf = {name: _setting(value) for name, value in self.spark_conf.items()}
        for name, value in MEANING.items():
            if self.spark_conf.get(name, value).lower() != value.lower():
                raise DbtConfigError(f"spark_conf: {name} is always {value}, since results would differ")

    @property
    def type(self) -> str:
        """Name of the adapter."""
        return "palette_spark"

    @property
    def unique_field(self) -> str:
        """What tells installations apart, for dbt's statistics."""
        return self.master

    @property
    def is_remote(self) -> bool:
        """Whether the session is one of Spark Connect."""
        return self.master.startswith(REMOTE)

    def _connection_keys(self) -> tuple[str, ...]:
        return "master", "warehouse", "metastore", "schema", "spark_conf"


class SessionHandle(SparkConnectionWrapper):
    """A cursor of the session, as much of one as dbt asks for."""

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._frame: DataFrame | None = None

    def cursor(self) -> "SessionHandle":
        """Return a cursor with a result of its own."""
        return SessionHandle(self.session)

    def execute(self, sql: str, bindings: list[Any] | None = None) -> None:
        """Run a statement. A query is not computed before its rows are asked for."""
        if bindings:
            sql %= tuple(map(literal, bindings))
        self._frame = self.session.sql(sql.strip().removesuffix(";"))

    def compute(self) -> None:
        """Compute a query whose rows nobody asks for, so that its errors are not lost."""
        if self._frame is not None and not self._frame.isLocal():
            self._frame.write.format("noop").mode("overwrite").save()

    def fetchall(self) -> list[Row]:
        """Return all rows of the result."""
        return [] if self._frame is None else self._frame.collect()

    def fetchmany(self, limit: int) -> list[Row]:
        """Return the first rows of the result."""
        return [] if self._frame is None else self._frame.take(limit)

    @property
    def description(self) -> Sequence[tuple[str, Any, None, None, None, None, bool]]:
        """Names and types of the result's columns."""
        if self._frame is None:
            return []
        return [
            (column.name, column.dataType.simpleString(), None, None, None, None, column.nullable)
            for column in self._frame.schema.fields
        ]

    def cancel(self) -> None:
        """Stop what runs: everything that the session does."""
        self.session.interruptAll()

    def close(self) -> None:
        """Forget the result; the session goes on."""
        self._frame = None

    def rollback(self) -> None:
        """Do nothing, as there are no transactions."""


class PaletteSparkConnectionManager(SparkConnectionManager):
    """Opens connections, each a handle of the one session."""

    TYPE = "palette_spark"

    @contextmanager
    def exception_handler(self, sql: str) -> Iterator[None]:  # noqa: ARG002
        """Turn Spark's errors into dbt's, without the stacks of the JVM."""
        try:
            yield
        except (PySparkException, Py4JError) as error:
            raise DbtDatabaseError(message_of(error)) from error

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Give a connection its handle; the first starts the session."""
        if connection.state != ConnectionState.OPEN:
            connection.handle = SessionHandle(session_of(connection.credentials))
            connection.state = ConnectionState.OPEN
        return connection

    def execute(
        self, sql: str, auto_begin: bool = False, fetch: bool = False, limit: int | None = None
    ) -> tuple[AdapterResponse, Any]:
        """Run a statement to its end: errors of a query show when it is computed, not when it is stated."""
        from dbt_common.clients.agate_helper import empty_table

        _, cursor = self.add_query(self._add_query_comment(sql), auto_begin)
        with self.exception_handler(sql):
            if fetch:
                table = self.get_result_from_cursor(cursor, limit)
            else:
                cursor.compute()
                table = empty_table()
        return self.get_response(cursor), table


def literal(value: object) -> str:
    """Return a seed's cell as an SQL text, whatever characters are in it, or null; dbt casts it to a type."""
    if value is None:
        return "null"
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _place(folder: str) -> str:
    """Return an absolute path, which stays what it is when the working directory changes; a URL as it is."""
    return folder if "://" in folder else str(Path(folder).absolute())


def _setting(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
