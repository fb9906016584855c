from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from palette.core.tables import SchemaError, empty, typed

SCHEMA = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("day", pa.date32()),
        pa.field("orders", pa.int64()),
        pa.field("revenue", pa.decimal128(18, 2)),
        pa.field("note", pa.string()),
    ]
)


def cast(values: Any, kind: pa.DataType, *, dtype: Any = None, nullable: bool = True) -> pa.Table:
    """Type a frame of one column ``x``."""
    frame = pd.DataFrame({"x": pd.Series(values, dtype=dtype)})
    return typed(frame, pa.schema([pa.field("x", kind, nullable=nullable)]))


def test_typed_puts_columns_into_the_declared_order():
    frame = pd.DataFrame(
        {
            "note": [None, "vip"],
            "revenue": [Decimal("2.55"), Decimal("-1.00")],
            "orders": [1, 2],
            "day": [date(2011, 12, 9), None],
            "customer_id": ["17850", "12346"],
        }
    )
    table = typed(frame, SCHEMA)
    assert table.schema.equals(SCHEMA)
    assert table.to_pylist() == [
        {
            "customer_id": "17850",
            "day": date(2011, 12, 9),
            "orders": 1,
            "revenue": Decimal("2.55"),
            "note": None,
        },
        {"customer_id": "12346", "day": None, "orders": 2, "revenue": Decimal("-1.00"), "note": "vip"},
    ]


def test_typed_ignores_the_index():
    frame = pd.DataFrame({"x": ["b", "a"]}, index=[7, 3])
    table = typed(frame, pa.schema([("x", pa.string())]))
    assert table.to_pydict() == {"x": ["b", "a"]}


@pytest.mark.parametrize("dtype", [object, "str", "float64"])
def test_typed_keeps_the_type_of_an_all_null_column(dtype: str):
    table = cast([None, None], pa.string(), dtype=dtype)
    assert table.schema.field("x").type == pa.string()
    assert table.to_pydict() == {"x": [None, None]}


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_typed_takes_any_missing_value_as_null(missing: object):
    assert cast(["a", missing], pa.string(), dtype=object).to_pydict() == {"x": ["a", None]}


def test_typed_takes_whole_floats_as_integers():
    # an integer column with a null is float64 in pandas
    assert cast([1.0, np.nan], pa.int64()).to_pydict() == {"x": [1, None]}


def test_typed_takes_dates_from_timestamps():
    days = pd.to_datetime(["2011-12-09", None, "1969-12-31"])
    assert cast(days, pa.date32()).to_pydict() == {"x": [date(2011, 12, 9), None, date(1969, 12, 31)]}


def test_typed_takes_timestamps():
    moments = pd.to_datetime(["2011-12-09 12:50:30"])
    assert cast(moments, pa.timestamp("us")).to_pydict() == {"x": [datetime(2011, 12, 9, 12, 50, 30)]}


@pytest.mark.parametrize("values", [[Decimal("2.5")], [2.5], ["2.5"]])
def test_typed_takes_decimals(values: list[object]):
    assert cast(values, pa.decimal128(18, 4)).to_pydict() == {"x": [Decimal("2.5000")]}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5], pa.int64()),
        ([np.inf], pa.int64()),
        ([300], pa.int8()),
        ([-1], pa.uint8()),
        ([2**53 + 1], pa.float64()),
        (["x"], pa.int64()),
        (["2011-13-01"], pa.date32()),
        ([Decimal("2.555")], pa.decimal128(18, 2)),
        ([Decimal("1000.00")], pa.decimal128(5, 2)),
        (pd.to_datetime(["2011-12-09 12:50"]), pa.date32()),
        (pd.to_datetime(["2011-12-09 12:50:30.0000001"]), pa.timestamp("us")),
        ([{"a": 1}], pa.string()),
        (["a", 1], pa.string()),
    ],
)
def test_typed_refuses_a_loss(values: Any, kind: pa.DataType):
    with pytest.raises(SchemaError, match=r"^column x is not .+: .+"):
        cast(values, kind)


@pytest.mark.parametrize("value", [None, np.nan])
def test_typed_refuses_nulls_where_none_may_be(value: object):
    with pytest.raises(SchemaError, match=r"^column x holds 2 nulls$"):
        cast(["a", value, value], pa.string(), dtype=object, nullable=False)


def test_typed_accepts_a_full_column_where_no_null_may_be():
    table = cast(["a", ""], pa.string(), nullable=False)
    assert table.to_pydict() == {"x": ["a", ""]}
    assert not table.schema.field("x").nullable


def test_typed_names_missing_and_extra_columns():
    frame = pd.DataFrame({"b": [1], "z": [1]})
    with pytest.raises(SchemaError, match=r"^columns differ from the declared schema: a, z$"):
        typed(frame, pa.schema([("a", pa.int64()), ("b", pa.int64())]))


def test_typed_refuses_a_column_given_twice():
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(SchemaError, match="x"):
        typed(frame, pa.schema([("x", pa.int64())]))


def test_typed_of_an_empty_frame_has_the_declared_types():
    table = typed(pd.DataFrame(columns=SCHEMA.names), SCHEMA)
    assert table.equals(SCHEMA.empty_table())


def test_empty_has_the_columns_and_no_row():
    frame = empty(SCHEMA)
    assert frame.columns.tolist() == ["customer_id", "day", "orders", "revenue", "note"]
    assert frame.empty
    assert typed(frame, SCHEMA).equals(SCHEMA.empty_table())


def test_empty_leaves_the_type_of_what_is_appended():
    schema = pa.schema([("day", pa.date32()), ("orders", pa.int64()), ("chosen", pa.bool_())])
    rows = pd.DataFrame({"day": [date(2011, 1, 1)], "orders": [2**53 + 1], "chosen": [True]})
    table = typed(pd.concat([empty(schema), rows], ignore_index=True), schema)
    assert table.to_pylist() == [{"day": date(2011, 1, 1), "orders": 2**53 + 1, "chosen": True}]
