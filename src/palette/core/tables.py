"""What a dbt Python model hands back: a table of a declared schema.

dbt enforces contracts for SQL models only. A Python model's contract is the ordered ``pyarrow`` schema beside
its logic, applied by :func:`typed`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa


class SchemaError(ValueError):
    """A frame that does not hold what its declared schema says."""


def typed(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Cast a frame to its declared schema, refusing whatever would be lost.

    Parameters
    ----------
    frame
        Holds exactly the schema's columns, in any order.
    schema
        Ordered names and types; a field with ``nullable=False`` must not hold nulls.

    Returns
    -------
    pyarrow.Table
        The columns in the schema's order; an empty frame gives an empty table of the same types.

    Raises
    ------
    SchemaError
        Names the column and the reason: missing, not declared, null, or not castable without loss.
    """
    given, declared = Counter(frame.columns), Counter(schema.names)
    if difference := (given - declared) + (declared - given):
        names = ", ".join(sorted(map(str, difference)))
        raise SchemaError(f"columns differ from the declared schema: {names}")
    return pa.Table.from_arrays([_cast(frame[field.name], field) for field in schema], schema=schema)


def streamed(tables: Iterable[pa.Table], schema: pa.Schema) -> pa.RecordBatchReader:
    """Hand back more rows than memory holds: a table at a time, made when the engine asks for it.

    Parameters
    ----------
    tables
        Of the schema.
    schema
        As for :func:`typed`.

    Raises
    ------
    SchemaError
        As soon as one of the tables is not of the schema, or holds nulls where it must not.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        for table in tables:
            if not table.schema.equals(schema):
                raise SchemaError(f"columns differ from the declared schema: {table.schema}")
            for field in schema:
                if not field.nullable and table[field.name].null_count:
                    raise SchemaError(f"column {field.name} holds {table[field.name].null_count} nulls")
            yield from table.to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def empty(schema: pa.Schema) -> pd.DataFrame:
    """Return a frame without rows that has the schema's columns."""
    frame: pd.DataFrame = schema.empty_table().to_pandas()
    return frame


def _cast(column: "pd.Series[Any]", field: pa.Field) -> pa.Array:
    if column.empty:
        return pa.array([], field.type)
    try:
        given = pa.chunked_array([pa.Array.from_pandas(column)]).combine_chunks()
        values = given.cast(field.type)
        parsed = pa.types.is_null(given.type) or pa.types.is_large_string(given.type)
        kept = parsed or values.cast(given.type).equals(given)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"column {field.name} is not {field.type}: {error}") from error
    if not kept:
        raise SchemaError(f"column {field.name} is not {field.type}: casting from {given.type} loses data")
    if values.null_count and not field.nullable:
        raise SchemaError(f"column {field.name} holds {values.null_count} nulls")
    return values
