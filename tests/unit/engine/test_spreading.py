"""Work over customers, in threads and in parts for processes elsewhere."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from palette.core.tables import SchemaError
from palette.engine import spread
from palette.engine.choosing import has_workers
from palette.engine.spreading import Common, check_code, code, unpacked

SCHEMA = pa.schema([pa.field("customer", pa.int64(), nullable=False), pa.field("share", pa.float64())])


@dataclass
class Shares:
    """Shares of customers in what all of them have: a work whose parts have a long list in common."""

    every: NDArray[np.float64]
    own: NDArray[np.float64]
    codes: NDArray[np.int64]

    def __call__(self, customers: NDArray[np.int64]) -> pa.Table:
        shares = self.own[customers] / self.every.sum()
        return pa.table({"customer": self.codes[customers], "share": shares}, schema=SCHEMA)

    def part(self, customers: NDArray[np.int64]) -> "Shares":
        return Shares(self.every, self.own[customers], self.codes[customers])


def work(customers: int = 1000) -> Shares:
    every = np.random.default_rng(0).random(customers)
    return Shares(every, every, np.arange(customers))


def test_threads_make_the_rows_of_all_works_in_order() -> None:
    works = [(work(5), [np.arange(2), np.arange(2, 5)]), (work(3), [np.arange(3)])]
    with duckdb.connect() as connection:
        made = spread(connection, works, SCHEMA).read_all()
    assert made.schema == SCHEMA
    assert made["customer"].to_pylist() == [0, 1, 2, 3, 4, 0, 1, 2]
    assert sum(made["share"].to_pylist()) == pytest.approx(2)


def test_rows_of_another_schema_are_refused() -> None:
    other = pa.schema([*SCHEMA, pa.field("more", pa.int64())])
    with duckdb.connect() as connection, pytest.raises(SchemaError):
        spread(connection, [(work(), [np.arange(2)])], other).read_all()


def test_what_parts_have_in_common_is_sent_once() -> None:
    whole, customers = work(), np.array([7, 300])
    common = Common(whole.part(np.zeros(0, dtype=np.int64)))
    part = common.packed(whole.part(customers))
    assert len(part) < 1000 < whole.every.nbytes < len(common.content())
    there = unpacked(part, common.content())
    assert there(np.arange(2)).equals(whole(customers))
    assert unpacked(part, common.content()).every is there.every


def test_something_of_the_parts_own_is_not_taken_for_common() -> None:
    whole = work()
    common = Common(whole.part(np.zeros(0, dtype=np.int64)))
    parts = [common.packed(whole.part(np.array([place]))) for place in range(20)]
    for place, part in enumerate(parts):
        assert unpacked(part, common.content()).own.tolist() == [whole.own[place]]


def test_a_worker_with_other_code_is_told() -> None:
    check_code(code())
    with pytest.raises(RuntimeError, match=r"another version of palette .* install the same"):
        check_code("0")


@pytest.mark.parametrize(
    ("module", "workers"),
    [("pyspark.sql.session", True), ("pyspark.sql.connect.session", False), ("dbt.adapters.duckdb", False)],
)
def test_only_a_session_of_spark_itself_has_workers(module: str, *, workers: bool) -> None:
    assert has_workers(type("SparkSession", (), {"__module__": module})()) is workers
