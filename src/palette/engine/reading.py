"""How Python reads what SQL has made."""

from collections.abc import Iterable, Sequence
from threading import local as of_thread
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyRelation

from palette.core.in_memory import in_memory
from palette.core.inputs import sql_string


class SparkFrame(Protocol):
    """As much of a data frame of Spark as is asked for here; pyspark need not be installed."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""

    def select(self, *columns: str) -> "SparkFrame":
        """Return some columns."""

    def __getitem__(self, column: str) -> Any:
        """Return a column."""

    def filter(self, condition: Any) -> "SparkFrame":
        """Return some rows."""

    def toArrow(self) -> pa.Table:  # noqa: N802
        """Fetch the rows."""

    @property
    def sparkSession(self) -> Any:  # noqa: N802
        """The session."""


Relation = DuckDBPyRelation | SparkFrame
_fetched = of_thread()  # dbt runs models in several, and relations of one connection alone can be joined


def local(relation: Relation, columns: Sequence[str] = ()) -> DuckDBPyRelation:
    """Return a relation that DuckDB queries in this process, where its rows are then.

    Parameters
    ----------
    relation
        What ``dbt.ref()`` gives: on DuckDB a relation already, whose rows stay where they are.
    columns
        Names of the columns, in order; none: all of them. On Spark no others are fetched.
    """
    if isinstance(relation, DuckDBPyRelation):
        return relation.project(", ".join(map(_quoted, columns))) if columns else relation
    chosen = relation.select(*(f"`{name}`" for name in columns)) if columns else relation
    if not hasattr(_fetched, "connection"):
        _fetched.connection = in_memory()
    found: DuckDBPyRelation = _fetched.connection.from_arrow(chosen.toArrow())
    return found


def asked(relation: Relation, query: str) -> DuckDBPyRelation:
    """Ask something of a relation where its rows are, and return the answer here.

    Parameters
    ----------
    relation
        What is asked.
    query
        SQL that both engines read, in which ``{rows}`` are the relation's.
    """
    if isinstance(relation, DuckDBPyRelation):
        return relation.query("rows", query.format(rows="rows"))
    return local(relation.sparkSession.sql(query, rows=relation))


def having(relation: Relation, **values: str) -> Relation:
    """Return the rows of a relation that have some values, by column; they stay where they are."""
    for column, value in values.items():
        if isinstance(relation, DuckDBPyRelation):
            relation = relation.filter(f"{_quoted(column)} = {sql_string(value)}")
        else:
            relation = relation.filter(relation[column] == value)
    return relation


def frame(relation: Relation, columns: Iterable[str] = ()) -> pd.DataFrame:
    """Read columns of a relation through Arrow, which takes less than half the memory of DuckDB's own frames.

    Parameters
    ----------
    relation
        What to read.
    columns
        Names of the columns, in order; none: all of them.

    Returns
    -------
    pandas.DataFrame
        Decimals are floating point numbers, dates are timestamps at midnight: on all engines the same types
        and values, as the same code makes them.
    """
    here = local(relation, list(columns))
    types = dict(zip(here.columns, here.types, strict=True))
    read = [
        f"{_quoted(name)}::double as {_quoted(name)}" if types[name].id == "decimal" else _quoted(name)
        for name in here.columns
    ]
    found: pd.DataFrame = here.project(", ".join(read)).to_arrow_table().to_pandas(date_as_object=False)
    return found


def _quoted(name: str) -> str:
    return f'"{name}"'
