"""Where the suites run: inside the engine that holds the tables, which never leave it."""

from collections.abc import Mapping
from typing import Any, Protocol

import duckdb
import great_expectations as gx
from duckdb_engine import CursorWrapper
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults
from sqlalchemy.pool import QueuePool

from palette.engine import on_spark

WORDS = ("fingerprint",)  # what custom SQL may name that each engine says otherwise


class Source(Protocol):
    """Tables of one engine, for Great Expectations."""

    @property
    def words(self) -> Mapping[str, str]:
        """Return the engine's SQL for each of ``WORDS``: ``fingerprint`` is a number of all of a row."""

    @property
    def queries(self) -> Mapping[str, str]:
        """Return the query of each relation, by its name."""

    def count(self, relation: str) -> int:
        """Count the rows of a relation."""

    def batch(self, relation: str) -> Any:
        """Return Great Expectations' batch of all its rows."""

    def broken(self) -> str | None:
        """Say why the session is of no use any more, if that is so."""


def source_of(session: Any, relations: Mapping[str, Any]) -> Source:
    """Lay a source over what dbt hands a Python model.

    Parameters
    ----------
    session
        DuckDB's connection, or Spark's session.
    relations
        What ``dbt.ref()`` gives, by name.
    """
    return SparkSource(relations) if on_spark(session) else DuckDBSource(session, relations)


class DuckDBSource:
    """An SQL data source over the session itself, which sees what its open transaction has not committed."""

    words: Mapping[str, str] = {"fingerprint": "hash(*columns(*))"}

    def __init__(
        self, session: duckdb.DuckDBPyConnection, relations: Mapping[str, duckdb.DuckDBPyRelation]
    ) -> None:
        self.queries = {name: relation.sql_query() for name, relation in relations.items()}
        self._session = _Session(session)
        self._source = _context().data_sources.add_sql(
            name="warehouse",
            connection_string="duckdb:///:memory:",  # names the dialect; the creator makes the connection
            kwargs={"creator": lambda: self._session, "poolclass": QueuePool},
        )

    def count(self, relation: str) -> int:
        """Count the rows of a relation."""
        counted = self._session.execute(f"select count(*) from ({self.queries[relation]})").fetchone()
        return int(counted[0]) if counted else 0

    def batch(self, relation: str) -> Any:
        """Return Great Expectations' batch of all its rows."""
        asset = self._source.add_query_asset(name=relation, query=self.queries[relation])
        return asset.add_batch_definition("whole table").get_batch()

    def broken(self) -> str | None:
        """Say why the session is of no use any more, if that is so."""
        try:
            self._session.execute("select 1")
        except duckdb.Error:
            return f"the session's transaction is lost: {self._session.cause}"
        return None


class SparkSource:
    """Spark's own data frames; custom SQL sees them as temporary views."""

    words: Mapping[str, str] = {"fingerprint": "xxhash64(*)"}

    def __init__(self, relations: Mapping[str, Any]) -> None:
        self.queries = {}
        self._frames = relations
        for name, frame in relations.items():
            view = f"palette_quality_{name}"
            frame.createOrReplaceTempView(view)
            self.queries[name] = f"select * from {view}"
        self._source = _context().data_sources.add_spark(name="warehouse")

    def count(self, relation: str) -> int:
        """Count the rows of a relation."""
        return int(self._frames[relation].count())

    def batch(self, relation: str) -> Any:
        """Return Great Expectations' batch of all its rows."""
        asset = self._source.add_dataframe_asset(name=relation)
        whole = asset.add_batch_definition_whole_dataframe("whole table")
        return whole.get_batch({"dataframe": self._frames[relation]})

    def broken(self) -> str | None:
        """Say nothing: there are no transactions."""
        return None


class _Session:
    """The session as SQLAlchemy wants a connection; its transaction and its end belong to its owner."""

    def __init__(self, session: duckdb.DuckDBPyConnection) -> None:
        self._session = session
        self.notices: list[str] = []
        self.cause: duckdb.Error | None = None  # Great Expectations retries, and reports the last attempt

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def cursor(self) -> Any:
        return CursorWrapper(self, self)

    def execute(self, sql: str, parameters: object = None) -> Any:
        try:
            return self._session.execute(sql, parameters)
        except duckdb.TransactionException:
            raise
        except duckdb.Error as error:
            self.cause = error
            raise

    def begin(self) -> None: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...


def _context() -> Any:
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars={"globally": False},
    )
    return gx.get_context(mode="ephemeral", project_config=config)
