"""What Python models read is the same on all engines."""

from datetime import date, datetime
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from palette.engine import frame, local

ROWS = pa.table(
    {
        "retailer": ["a", None],
        "amount": pa.array([Decimal("1.25"), None], pa.decimal128(38, 4)),
        "day": pa.array([date(2011, 12, 9), None], pa.date32()),
        "time": pa.array([datetime(2011, 12, 9, 10, 0, 0, 7), None], pa.timestamp("us")),
        "orders": pa.array([2**53 + 1, -1], pa.int64()),
        "code": pa.array([7, None], pa.int32()),
        "holds": [True, None],
        "share": [0.1, None],
        "content": [b"\x00", None],
    }
)


class FrameOfSpark:
    """As much of Spark's data frame as is used."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    @property
    def columns(self) -> list[str]:
        return self.table.column_names

    def select(self, *columns: str) -> "FrameOfSpark":
        return FrameOfSpark(self.table.select([name.strip("`") for name in columns]))

    def toArrow(self) -> pa.Table:  # noqa: N802
        return self.table


def test_a_frame_is_the_same_on_both_engines() -> None:
    with duckdb.connect() as connection:
        here = frame(connection.from_arrow(ROWS))
    there = frame(FrameOfSpark(ROWS))
    pd.testing.assert_frame_equal(here, there)
    assert there["orders"].tolist() == [2**53 + 1, -1]
    assert there["amount"].dtype == np.float64


def test_columns_are_read_as_asked_for_on_both_engines() -> None:
    with duckdb.connect() as connection:
        here = frame(connection.from_arrow(ROWS), ["share", "retailer"])
    there = frame(FrameOfSpark(ROWS), ["share", "retailer"])
    pd.testing.assert_frame_equal(here, there)
    assert list(there.columns) == ["share", "retailer"]


def test_relations_that_were_fetched_can_be_joined() -> None:
    codes = local(FrameOfSpark(pa.table({"retailer": ["a"], "customer_code": [3]})))
    joined = codes.join(local(FrameOfSpark(ROWS), ["retailer", "share"]), "retailer")
    assert joined.fetchall() == [("a", 3, 0.1)]


def test_a_relation_of_duckdb_stays_where_it_is() -> None:
    with duckdb.connect() as connection:
        relation = connection.sql("select 1 as a")
        assert local(relation) is relation


def test_frame_reads_the_columns_asked_for_in_their_order():
    with duckdb.connect() as connection:
        relation = connection.sql("select 1 as a, 'x' as \"the b\", 2 as c")
        assert frame(relation, ["the b", "a"]).to_dict("list") == {"the b": ["x"], "a": [1]}
        assert list(frame(relation).columns) == ["a", "the b", "c"]


def test_frame_holds_what_duckdbs_own_frames_do():
    with duckdb.connect() as connection:
        relation = connection.sql("""
            select * from (values
                (1.25::decimal(18, 4), date '2011-12-09', timestamp '2011-12-09 10:00:00', 'x', true, 0.5),
                (null, null, null, null, false, null)
            ) as t (amount, day, time, name, holds, share)
        """)
        own = relation.df()
        pd.testing.assert_frame_equal(frame(relation).astype(own.dtypes), own)
        assert frame(relation)["amount"].dtype == np.float64
        assert frame(relation)["day"].dtype.kind == "M"
