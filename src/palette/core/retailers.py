"""Which retailers there are: folders with a declaration, or whose files fit one form exactly."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from palette.core.declarations import ADDED_ROWS, FILE, PRESETS, Declared, declare
from palette.core.errors import InputError, printable
from palette.core.forms import Form, SourceTable, forms, project_folder
from palette.core.inputs import first_header, matches, names_columns, reading

SHOPS, DEMO = Path("data/shops"), Path("data/demo")


@dataclass(frozen=True)
class Found:
    """The retailers of a data folder.

    Attributes
    ----------
    retailers
        In alphabetical order of their keys.
    notes
        A sentence for each folder that is left out.
    """

    retailers: tuple[Declared, ...]
    notes: tuple[str, ...]


def shops_folder() -> Path:
    """Return the folder that shops are added to where no other is named."""
    return project_folder() / SHOPS


def data_folder() -> Path:
    """Return the folder of the retailers' folders.

    The environment's ``PALETTE_DATA``; else ``data/shops`` of the project where it holds one, else the demo.
    """
    if chosen := os.environ.get("PALETTE_DATA"):
        return Path(chosen).absolute()
    shops = shops_folder()
    return shops if any(shops.glob(f"*/{FILE}")) else project_folder() / DEMO


def chosen_retailers() -> list[str]:
    """Return the retailers that the environment's ``PALETTE_RETAILERS``, a comma list, asks for."""
    names = [name.strip() for name in os.environ.get("PALETTE_RETAILERS", "").split(",")]
    return [name for name in names if name]


def find_retailers(data: Path, chosen: Sequence[str] = ()) -> Found:
    """Find and validate the retailers of a data folder.

    Parameters
    ----------
    data
        Each retailer has a folder of its name in it. Where there is none, or not the only one chosen, the
        files may lie in it directly.
    chosen
        Keys of the retailers wanted; all there are where it is empty.

    Raises
    ------
    InputError
        The folder is missing, a declaration is wrong, a chosen retailer is not there, or there is none.
    """
    if not data.is_dir():
        raise InputError(f"{data}: folder not found; PALETTE_DATA says where the retailers' folders lie")
    if len(set(chosen)) < len(chosen):
        raise InputError(f"PALETTE_RETAILERS names a retailer twice: {', '.join(chosen)}")
    with reading(data):
        folders = sorted(path for path in data.iterdir() if path.is_dir() and not path.name.startswith("."))
    there = {folder.name: folder for folder in folders}
    if len(chosen) == 1 and chosen[0] not in there and has_files(data):
        return Found((_retailer(chosen[0], data),), ())
    if missing := [name for name in chosen if name not in there]:
        raise InputError(
            f"{data}: no folder {', '.join(missing)}, which PALETTE_RETAILERS names "
            f"(there are: {', '.join(there) or 'none'})"
        )
    if chosen:
        return Found(tuple(_retailer(name, there[name]) for name in sorted(chosen)), ())
    found, notes = [], []
    for name, folder in there.items():
        if (folder / FILE).is_file() or fitting(folder):
            found.append(_retailer(name, folder))
        elif has_files(folder):
            notes.append(printable(f"{folder}: left out, {_unfit(folder)}"))
    if not found and has_files(data):
        found.append(_retailer(data.absolute().name, data))
    if not found:
        raise InputError("; ".join([f"{data}: no retailer's folder in it", *notes]))
    return Found(tuple(found), tuple(notes))


def fitting(folder: Path) -> list[Form]:
    """Return the forms that a folder's files fit exactly: every required table by name and by columns."""
    with reading(folder):
        files = [
            path for path in sorted(folder.iterdir()) if path.is_file() and not matches(path, ADDED_ROWS)
        ]
    return [
        form
        for form in forms().values()
        if all(
            any(matches(path, table.patterns) and _has_columns(path, table) for path in files)
            for table in form.tables.values()
            if table.is_required
        )
    ]


def has_files(folder: Path) -> bool:
    """Tell whether a folder holds a file itself, or what should be one."""
    with reading(folder):
        return any(not path.is_dir() and not path.name.startswith(".") for path in folder.iterdir())


def retailer_rows(retailers: Sequence[Declared]) -> list[dict[str, str | None]]:
    """Return what is declared of the retailers, a row each, all of it as text."""
    columns = (
        *("key", "name", "form", "country", "subdivision", "currency", "time_zone", "recency_unit"),
        *("item_level", "revenue", "money", "channel", *PRESETS),
    )
    names = ("retailer", "retailer_name", "form", "country_code", *columns[4:])
    rows = []
    for declared in retailers:
        values = declared.retailer.model_dump() | {"key": declared.key}
        if not isinstance(values["cleaning_steps"], str):
            values["cleaning_steps"] = None  # they are rows of int_cleaning_steps
        texts = [None if values[column] is None else str(values[column]) for column in columns]
        rows.append(dict(zip(names, texts, strict=True)))
    return rows


def _retailer(key: str, folder: Path) -> Declared:
    if (folder / FILE).is_file():
        return declare(key, folder)
    fits = fitting(folder)
    if len(fits) != 1:
        raise InputError(f"{folder}: {_unfit(folder)}")
    return declare(key, folder, {"form": fits[0].name})


def _unfit(folder: Path) -> str:
    fits = [form.name for form in fitting(folder)]
    if fits:
        which = f"say which in {folder / FILE}, as `form: {fits[0]}`"
        return f"its files fit several forms ({', '.join(fits)}): {which}"
    return (
        f"it has no {FILE}, and its files fit none of the forms {', '.join(forms())} exactly; "
        f"`palette add {folder.name} FILE...` looks at files and writes one"
    )


def _has_columns(path: Path, table: SourceTable) -> bool:
    """Tell by a look at its head whether a file has a table's columns under their own names."""
    try:
        return names_columns(first_header(path), table)
    except InputError:  # said in full when the retailer's files are read
        return False
