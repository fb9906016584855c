"""Work over batches of customers: in threads here, or by Spark's workers, each with its customers' part."""

import io
import pickle
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, reduce
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from palette.core import threads
from palette.core.tables import streamed
from palette.engine.choosing import has_workers

Codes = NDArray[np.int64]


class Work(Protocol):
    """What makes rows of a table for customers."""

    def __call__(self, customers: Codes) -> pa.Table:
        """Make the rows of some customers."""
        ...

    def part(self, customers: Codes) -> "Work":
        """Return the same work for some customers alone, whose codes are 0 and up there."""
        ...


def spread(session: Any, works: Iterable[tuple[Work, Iterable[Codes]]], schema: pa.Schema) -> Any:
    """Do works for their batches of customers, on all cores of this machine or of all of Spark's workers.

    A worker gets what all parts of a work have in common once, and the parts of its batches. It needs this
    package.

    Parameters
    ----------
    session
        What dbt hands the model beside itself.
    works
        What is to be done, and for which customers (codes) at a time. Taken one after the other.
    schema
        Of the rows that are made.

    Returns
    -------
    object
        The table for dbt, of which nothing is made before dbt writes it.

    Raises
    ------
    SchemaError
        As it is written: rows are not of the schema, or hold nulls where they must not.
    """
    if not has_workers(session):
        return streamed(_by_threads(works), schema)
    frames = [_by_workers(session, work, batches, schema) for work, batches in works]
    return reduce(
        lambda first, second: first.union(second), frames, session.createDataFrame(schema.empty_table())
    )


def _by_threads(works: Iterable[tuple[Work, Iterable[Codes]]]) -> Iterator[pa.Table]:
    with threadpool_limits(1, user_api="blas"):
        for work, batches in works:
            yield from threads.spread(work, batches)


def _by_workers(session: Any, work: Work, batches: Iterable[Codes], schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    common = Common(work.part(np.zeros(0, dtype=np.int64)))
    parts = [
        pa.record_batch({"customers": [len(batch)], "part": [common.packed(work.part(batch))]})
        for batch in batches
    ]
    told = session.sparkContext.broadcast(common.content())

    def made(rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with threadpool_limits(1, user_api="blas"):
            for row in rows:
                for customers, part in zip(*(column.to_pylist() for column in row.columns), strict=True):
                    yield from streamed([unpacked(part, told.value)(np.arange(customers))], schema)

    rows = session.createDataFrame(pa.Table.from_batches(parts))
    return rows.mapInArrow(made, from_arrow_schema(schema))


class Common:
    """What all parts of a work have in common: whatever is one object in the part of nobody and in theirs.

    Parameters
    ----------
    nobody
        The part of nobody.
    """

    def __init__(self, nobody: Work) -> None:
        self._things: dict[int, Any] = {}
        _Pickler(io.BytesIO(), self._meet).dump(nobody)
        self._places = {known: place for place, known in enumerate(self._things)}

    def content(self) -> bytes:
        """Return the things, for :func:`unpacked`."""
        return pickle.dumps(list(self._things.values()), pickle.HIGHEST_PROTOCOL)

    def packed(self, part: Work) -> bytes:
        """Pickle a part without them."""
        file = io.BytesIO()
        _Pickler(file, lambda thing: self._places.get(id(thing))).dump(part)
        return file.getvalue()

    def _meet(self, thing: Any) -> None:
        if isinstance(thing, np.ndarray) or hasattr(thing, "__dict__"):
            self._things[id(thing)] = thing


def unpacked(part: bytes, common: bytes) -> Any:
    """Read a part that was packed, with what all have in common."""
    return _Unpickler(io.BytesIO(part), _things(common)).load()


@lru_cache(maxsize=1)
def _things(common: bytes) -> list[Any]:
    found: list[Any] = pickle.loads(common)
    return found


class _Pickler(pickle.Pickler):
    """One that asks of each thing whether it is known elsewhere, and as what number."""

    def __init__(self, file: io.BytesIO, known: Callable[[Any], int | None]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._known = known

    def persistent_id(self, thing: Any) -> int | None:
        return self._known(thing)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, things: list[Any]) -> None:
        super().__init__(file)
        self._things = things

    def persistent_load(self, number: int) -> Any:
        return self._things[number]
