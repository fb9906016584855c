"""Work over batches of customers: in threads here, or by Spark's workers, each with its customers' part."""

import hashlib
import io
import pickle
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache, reduce
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import palette
from palette.core import threads
from palette.core.tables import streamed
from palette.engine.choosing import has_workers

Codes = NDArray[np.int64]


class Work(Protocol):
    """What makes something, such as rows of a table, for customers."""

    def __call__(self, customers: Codes) -> Any:
        """Make it for some customers."""
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


def gather(session: Any, work: Work, batches: Iterable[Codes]) -> Iterator[Any]:
    """Do a work as :func:`spread` does, and take here what is made of each batch, in their order.

    Parameters
    ----------
    session, work
        See :func:`spread`; what is made need not be rows of a table.
    batches
        Sent where more of them can be done at a time than this machine has cores.
    """
    asked = list(batches)
    cores = session.sparkContext.defaultParallelism if has_workers(session) else 0
    if min(cores, len(asked)) <= threads.THREADS:
        yield from threads.spread(work, asked)
        return
    schema = pa.schema([("place", pa.int64()), ("made", pa.binary())])

    def rows(made: Any, place: int) -> pa.Table:
        return pa.table({"place": [place], "made": [pickle.dumps(made)]}, schema=schema)

    found = _by_workers(session, work, asked, schema, rows).toArrow().sort_by("place")
    yield from map(pickle.loads, found["made"].to_pylist())


def _by_workers(
    session: Any,
    work: Work,
    batches: Iterable[Codes],
    schema: pa.Schema,
    rows: Callable[[Any, int], pa.Table] = lambda made, _: made,
) -> Any:
    """Return a frame, still to be made, of the rows of what is made, given with the place of its batch."""
    from pyspark.sql.pandas.types import from_arrow_schema

    common = Common(work.part(np.zeros(0, dtype=np.int64)))
    parts = [(place, len(batch), common.packed(work.part(batch))) for place, batch in enumerate(batches)]
    told = session.sparkContext.broadcast(common.content())
    here = code()

    def made(sent: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        check_code(here)
        with threadpool_limits(1, user_api="blas"):
            for part in chain.from_iterable(each.to_pylist() for each in sent):
                found = unpacked(part["content"], told.value)(np.arange(part["customers"]))
                yield from streamed([rows(found, part["place"])], schema)

    names = ["place", "customers", "content"]
    each_alone = [pa.record_batch([[value] for value in part], names) for part in parts]
    frame = session.createDataFrame(pa.Table.from_batches(each_alone))
    return frame.mapInArrow(made, from_arrow_schema(schema))


@cache
def code() -> str:
    """Return a digest of this package's code: another one may make other rows."""
    package = Path(palette.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


def check_code(expected: str) -> None:
    """Compare the code of a worker with that of dbt's machine.

    Raises
    ------
    RuntimeError
        They are not the same.
    """
    if code() != expected:
        raise RuntimeError(
            f"{socket.gethostname()} has another version of palette than dbt's machine: "
            "install the same one on every worker (docs/spark.md)"
        )


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
