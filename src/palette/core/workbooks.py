"""Reads workbooks: every sheet with rows becomes a Parquet file of text, its rows numbered as shown."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from palette.core.errors import InputError

WORKBOOKS = (".xlsx", ".xls")
ROW = "_sheet_row"
_BATCH = 20_000


@dataclass(frozen=True)
class Sheet:
    """A sheet that has rows.

    Attributes
    ----------
    label
        Workbook and sheet, for messages.
    copy
        Parquet file of text columns ``_0``, ``_1``, ..., and ``_sheet_row``, the number a spreadsheet shows.
    headers
        The sheet's first row that is not blank.
    """

    label: str
    copy: Path
    headers: tuple[str, ...]


def sheets(path: Path, scratch: Path) -> list[Sheet]:
    """Copy every sheet that has rows into a folder.

    Raises
    ------
    InputError
        The workbook cannot be read, or none of its sheets has rows.
    """
    found: list[Sheet] = []
    try:
        with closing(CalamineWorkbook.from_path(path)) as workbook:
            for metadata in workbook.sheets_metadata:
                if metadata.typ != SheetTypeEnum.WorkSheet:
                    continue
                copy = scratch / f"{path.stem}-{len(list(scratch.iterdir()))}.parquet"
                label = f"{path}, sheet '{metadata.name}'"
                headers = _copy(workbook.get_sheet_by_name(metadata.name), copy)
                if headers:
                    found.append(Sheet(label, copy, headers))
    except (OSError, CalamineError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not found:
        raise InputError(f"{path}: no sheet has any rows")
    return found


@lru_cache
def first_row(path: Path, saved_at: int) -> tuple[str, ...]:  # noqa: ARG001 - a workbook saved anew is read anew
    """Return the first row that is not blank of the first sheet that has rows; nothing where none has.

    Raises
    ------
    InputError
        The workbook cannot be read.
    """
    with TemporaryDirectory() as scratch:
        return sheets(path, Path(scratch))[0].headers


def _copy(sheet: CalamineSheet, copy: Path) -> tuple[str, ...]:
    """Write the rows below a sheet's header as text; returns the header, nothing where there are no rows."""
    rows = (
        (number, values)
        for number, cells in enumerate(sheet.iter_rows(), start=1)
        if any(values := [_text(cell) for cell in cells])
    )
    header = [value or "" for value in next(rows, (0, []))[1]]
    schema = pa.schema([*((f"_{at}", pa.string()) for at in range(len(header))), (ROW, pa.int64())])
    written = 0
    with pq.ParquetWriter(copy, schema, compression="zstd") as writer:
        for batch in _batches(rows):
            columns = zip(*((*values, number) for number, values in batch), strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            written += len(batch)
    return tuple(header) if written else ()


def _batches(
    rows: Iterator[tuple[int, list[str | None]]],
) -> Iterator[list[tuple[int, list[str | None]]]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(
    cell: str | float | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta,
) -> str | None:
    """Give a cell as text: whole numbers without a fraction, dates in ISO form, an empty cell as none."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell) or None
