"""What a shop adds to the seed tables: CSV files of their names beside its own files."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from palette.core.declarations import FILE, PRESETS, CleaningStep, Declared
from palette.core.errors import InputError
from palette.core.forms import project_folder

# Seed table -> its columns but the first, with what a value has to be where it is no text.
TABLES: Mapping[str, Mapping[str, type]] = {
    "cleaning_steps": {"step_number": int, "step": str, "rule": str, "parameter": float},
    "service_lines": {"product_name": str},
    "product_themes": {"priority": int, "pattern": str, "theme": str},
    "super_categories": {"category": str, "super_category": str},
    "recommendation_rules": {"list_name": str, "rule": str, "value": str},
    "product_facts": {"product_id": str, "stock": float, "margin": float},
}
_MAY_BE_EMPTY = ("parameter", "stock", "margin")


def rows_of_shops(retailers: Sequence[Declared], seed: str) -> list[dict[str, str | None]]:
    """Return what all retailers add to a seed table, ``retailer`` in front: texts, None for an empty cell."""
    return [
        {"retailer": declared.key, **{name: row[name] or None for name in TABLES[seed]}}
        for declared in retailers
        for row in shop_rows(declared, seed)
    ]


def shop_rows(declared: Declared, seed: str) -> list[dict[str, str]]:
    """Read what a retailer adds to a seed table: rows of column -> text, none where it adds nothing.

    Raises
    ------
    InputError
        Names the file, line and column of what cannot be used.
    """
    steps = declared.retailer.cleaning_steps
    if seed == "cleaning_steps":
        return [] if isinstance(steps, str) else [_step(number, step) for number, step in enumerate(steps, 1)]
    path = declared.folder / f"{seed}.csv"
    return list(_rows(path, TABLES[seed])) if path.is_file() else []


def check_presets(retailers: Sequence[Declared]) -> None:
    """Object to a declaration that names a set which its seed table does not have.

    Raises
    ------
    InputError
        Names file, key, value, and the sets there are.
    """
    for declared in retailers:
        for key in PRESETS:
            chosen = getattr(declared.retailer, key)
            if isinstance(chosen, str) and chosen not in (there := presets(key)):
                raise InputError(
                    f"{declared.folder / FILE}: {key}: the seed table {key} has no set '{chosen}' "
                    f"(there are: {', '.join(there)})"
                )


def presets(seed: str) -> list[str]:
    """Return the names of the sets of a seed table, in its file's order."""
    (path,) = (project_folder() / "seeds").glob(f"*/{seed}.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(dict.fromkeys(row.get("preset") or "" for row in csv.DictReader(stream)))


def _step(number: int, step: CleaningStep) -> dict[str, str]:
    parameter = "" if step.parameter is None else str(step.parameter)
    return {
        "step_number": str(number),
        "step": step.step or step.rule.replace("_", " "),
        "rule": step.rule,
        "parameter": parameter,
    }


def _rows(path: Path, columns: Mapping[str, type]) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if sorted(reader.fieldnames or []) != sorted(columns):
                found = ", ".join(reader.fieldnames or []) or "none"
                raise InputError(
                    f"{path}: the columns have to be {', '.join(columns)} (columns found: {found})"
                )
            for row in reader:
                for name, kind in columns.items():
                    _check(path, reader.line_num, name, row.get(name), kind)
                if None in row:
                    raise InputError(f"{path}: line {reader.line_num}: more values than columns")
                yield row
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _check(path: Path, line: int, name: str, value: str | None, kind: type) -> None:
    if not (value or "").strip():
        if name not in _MAY_BE_EMPTY:
            raise InputError(f"{path}: line {line}, column {name}: the value is empty")
        return
    try:
        usable = kind is str or ("_" not in str(value) and math.isfinite(kind(value)))
    except ValueError:
        usable = False
    if not usable:
        needed = "a whole number" if kind is int else "a number"
        raise InputError(f"{path}: line {line}, column {name}: '{value}' is not {needed}")
