"""Turns the files a retailer has, workbooks included, into one checked and typed Parquet file of a table."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from palette.core.inputs import (
    WORKBOOKS,
    InputError,
    InputFile,
    check_file,
    match_columns,
    matches,
    open_input,
    parquet_relation,
    source_sql,
    sql_string,
    tables_of,
)
from palette.core.sources import SourceTable

_BATCH = 20_000


@dataclass(frozen=True)
class Imported:
    """What an import wrote.

    Attributes
    ----------
    path : Path
        The Parquet file.
    rows : mapping
        File, or file and sheet -> rows taken from it, in the order in which they were read.
    """

    path: Path
    rows: Mapping[str, int]


def import_files(
    retailer: str,
    files: Sequence[Path],
    out: Path,
    *,
    table_name: str | None = None,
    console: Console | None = None,
) -> Imported:
    """Write files of one source table as ``<out>/<retailer>/<table>.parquet``.

    Nothing is written unless every row of every file can be used; an earlier file of that name is replaced.

    Parameters
    ----------
    retailer : str
        Whose files they are.
    files : sequence of Path
        CSV (plain or .gz), Parquet and Excel files, under any name; of a workbook every sheet with rows.
    out : Path
        The data folder, or its subfolder of the retailer.
    table_name : str, optional
        Which of the retailer's tables they hold; may be left out for a retailer that has only one.
    console : Console, optional
        Where progress, notes and row counts go; standard error by default.

    Returns
    -------
    Imported
        The path and the rows of each file or sheet.

    Raises
    ------
    InputError
        A file cannot be used (as for `open_input` and `check_file`; rows of a sheet have the numbers that the
        spreadsheet shows), is given twice, or would from then on be read besides its own import.
    """
    console = console or Console(stderr=True)
    table = _table(retailer, table_name)
    folder = out if out.name == retailer else out / retailer
    target = folder / f"{table.name}.parquet"
    _check_choice(files, target, table)

    bars = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with (
        TemporaryDirectory(prefix="palette-") as scratch,
        Progress(*bars, TimeElapsedColumn(), console=console) as progress,
    ):
        parts: list[InputFile] = []
        for path in files:
            if path.suffix.lower() in WORKBOOKS:
                parts += _workbook(path, table, Path(scratch), len(parts), progress)
            else:
                parts.append(open_input(path, table))
        checking = progress.add_task("checking", total=len(parts))
        rows = {}
        for part in parts:
            rows[part.label] = check_file(part, table)
            progress.advance(checking)
        writing = progress.add_task(f"writing {target.name}", total=None)
        _write(parts, table, target)
        progress.update(writing, total=sum(rows.values()), completed=sum(rows.values()))

    for label, count in rows.items():
        console.print(f"{label}: {count:,} rows", markup=False, highlight=False, soft_wrap=True)
    for other in sorted(folder.iterdir()):
        if other != target and other.is_file() and matches(other, table):
            note = f"note: {other} lies in the same folder and is read as well"
            console.print(note, markup=False, highlight=False, soft_wrap=True)
    return Imported(target, rows)


def _table(retailer: str, name: str | None) -> SourceTable:
    tables = {table.name: table for table in tables_of(retailer)}
    if name is None and len(tables) == 1:
        name = next(iter(tables))
    if name not in tables:
        raise InputError(f"say which table of {retailer} the files hold: {', '.join(tables)}")
    return tables[name]


def _check_choice(files: Sequence[Path], target: Path, table: SourceTable) -> None:
    """Refuse what would count rows twice."""
    if not files:
        raise InputError("no file given")
    seen = set()
    for path in files:
        real = path.resolve()
        if real in seen:
            raise InputError(f"{path}: given twice")
        seen.add(real)
        if real.parent == target.parent.resolve() and real != target.resolve() and matches(path, table):
            raise InputError(
                f"{path}: lies in {target.parent}, from where it is read without an import; "
                "move it elsewhere first, or its rows would count twice"
            )


def _write(parts: Sequence[InputFile], table: SourceTable, target: Path) -> None:
    # The dot keeps a half-written file from being read as an input.
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(
                f"copy ({source_sql(parts, table)}) to {sql_string(temporary.absolute())} "
                "(format parquet, compression zstd)"
            )
        temporary.replace(target)
    except (OSError, duckdb.Error) as error:
        raise InputError(f"{target}: cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _workbook(
    path: Path, table: SourceTable, scratch: Path, number: int, progress: Progress
) -> list[InputFile]:
    """Read every sheet that has rows, each into a Parquet file of text in the scratch folder."""
    parts: list[InputFile] = []
    try:
        with closing(CalamineWorkbook.from_path(path)) as workbook:
            for sheet in workbook.sheets_metadata:
                if sheet.typ != SheetTypeEnum.WorkSheet:
                    continue
                label = f"{path}, sheet '{sheet.name}'"
                copy = scratch / f"{number + len(parts)}.parquet"
                task = progress.add_task(label, total=None)
                cells = workbook.get_sheet_by_name(sheet.name)
                progress.update(task, total=cells.total_height + 1)
                headers = _sheet(cells, label, table, copy, partial(progress.update, task))
                progress.update(task, completed=cells.total_height + 1)
                if headers:
                    parts.append(
                        InputFile(
                            label=label,
                            path=copy,
                            relation=parquet_relation(copy),
                            headers=headers,
                            values={name: name for name in headers},
                            row="_sheet_row",
                        )
                    )
                else:
                    progress.console.print(
                        f"note: {label} has no rows, skipped", markup=False, soft_wrap=True
                    )
    except (OSError, CalamineError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not parts:
        raise InputError(f"{path}: no sheet has any rows")
    return parts


def _sheet(
    sheet: CalamineSheet, label: str, table: SourceTable, copy: Path, report: Callable[..., None]
) -> dict[str, str]:
    """Write the rows below a sheet's header, its first row that is not blank, as text.

    Returns
    -------
    dict
        Canonical column name -> the sheet's own header; empty if the sheet has no rows.
    """
    schema = pa.schema([*((each.name, pa.string()) for each in table.columns), ("_sheet_row", pa.int64())])
    header: list[str] | None = None
    positions: dict[str, int] = {}
    batch: list[tuple[str | int | None, ...]] = []
    with pq.ParquetWriter(copy, schema, compression="zstd") as writer:
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if number % _BATCH == 0:
                report(completed=number)
            values = [_text(cell) for cell in cells]
            if not any(values):
                continue
            if header is None:
                header = [value or "" for value in values]
                continue
            positions = positions or match_columns(label, header, table)
            batch.append((*(values[position] for position in positions.values()), number))
            if len(batch) == _BATCH:
                _append(batch, writer)
        if batch:
            _append(batch, writer)
    return {name: header[position] for name, position in positions.items()} if header else {}


def _append(batch: list[tuple[str | int | None, ...]], writer: pq.ParquetWriter) -> None:
    """Write a batch of rows and empty it."""
    columns = zip(*batch, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, writer.schema, strict=True)]
    writer.write_table(pa.Table.from_arrays(arrays, schema=writer.schema))
    batch.clear()


def _text(
    cell: str | float | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta,
) -> str | None:
    """Give a cell as text: whole numbers without a fraction, dates in ISO form, an empty cell as none."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell) or None
