"""Adds a shop: copies its files, writes the declaration that was planned, and reads a database again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from palette.core.databases import snapshot as snapshot_of
from palette.core.declarations import FILE, Declared, declare
from palette.core.errors import InputError
from palette.core.forms import ENDINGS
from palette.core.inputs import no_file, open_raw
from palette.core.landing import Landed, land
from palette.core.planning import Plan, as_flags, make_plan, written_by


def add(
    shop: str,
    files: Sequence[Path],
    data: Path,
    *,
    settings: Mapping[str, str],
    confirm: Callable[[], Mapping[str, str] | None] | None = None,
    show: Callable[[Plan], None] | None = None,
    replace_it: bool = False,
    snapshot: Mapping[str, str] | None = None,
) -> tuple[Declared, dict[str, Landed]]:
    """Look at a shop's files and write its ``retailer.yml``, once they are known to be readable with it.

    Parameters
    ----------
    shop
        Name of the shop's folder in the data folder, and of the retailer in the marts.
    files
        CSV and other delimited text, Parquet and workbooks; copied into the folder if they lie elsewhere.
    data
        The data folder.
    settings
        Keys of the declaration, or our columns, with what they are: ``currency: EUR``, ``ordered_at: Datum``,
        ``products.category: Warengruppe``; an empty value leaves a column out.
    confirm
        Asked after each plan: no settings accept it, further settings change it, None gives up. Without it,
        what is not certain by headers and values is not taken.
    show
        Told of each plan before that.
    replace_it
        Whether an earlier declaration may be replaced.
    snapshot
        Where a database snapshot among the files comes from.

    Returns
    -------
    declared
        The shop.
    landed
        Its tables.

    Raises
    ------
    InputError
        A file cannot be used, a meaning that is needed is open, or the shop was added before. Nothing is left
        behind.
    """
    folder = data / shop
    _check_choice(shop, files, folder, replace_it)
    with TemporaryDirectory(prefix="palette-") as scratch:
        written = written_by(settings)
        raw_files = [raw for path in files for raw in open_raw(path, written, Path(scratch))]
        given = dict(settings)
        while True:
            plan = make_plan(raw_files, given, sure_alone=confirm is None, snapshot=snapshot)
            if show:
                show(plan)
            more = confirm() if confirm else {}
            if more is None:
                raise InputError("nothing was added")
            if not more:
                break
            given |= more
        if plan.missing:
            raise InputError("\n".join(["these are needed and open:", *plan.missing]))
    with writing(folder), _in_place(files, folder):
        declared = declare(shop, folder, plan.values)
        try:
            landed = {name: land(declared, table) for name, table in declared.form.tables.items()}
        except InputError as error:
            raise InputError(as_flags(str(error))) from None
        text = yaml.safe_dump(dict(plan.values), allow_unicode=True, sort_keys=False)
        (folder / FILE).write_text(text, encoding="utf-8")
    return declared, landed


def refresh(shop: str, data: Path, on_progress: Callable[[int], None]) -> int:
    """Read a shop's database again into its snapshot; returns the rows read.

    Raises
    ------
    InputError
        The shop was not added from a database, which cannot be read, or gave what the shop's declaration does
        not fit. The earlier snapshot is as it was.
    """
    folder = data / shop
    if not (folder / FILE).is_file():
        raise InputError(f"{folder / FILE}: no such shop")
    declared = declare(shop, folder)
    source = declared.retailer.snapshot
    if source is None:
        raise InputError(f"{folder / FILE}: has no snapshot; the shop was not added from a database")
    target = folder / source.file
    with writing(data), TemporaryDirectory(prefix=".refresh-", dir=data) as scratch:
        trial = Path(scratch) / shop
        shutil.copytree(folder, trial, ignore=shutil.ignore_patterns(source.file), symlinks=True)
        read = snapshot_of(source.uri, source.query, trial / source.file, on_progress=on_progress)
        for table in declared.form.tables.values():
            land(declare(shop, trial), table)
        (trial / source.file).replace(target)
    return read.rows


def _check_choice(shop: str, files: Sequence[Path], folder: Path, replace_it: bool) -> None:
    if not re.fullmatch(r"[\w-]+", shop):
        raise InputError(f"{shop!r}: a shop is named with letters, digits, _ and - alone")
    if not files:
        raise InputError("no file given")
    if (folder / FILE).exists() and not replace_it:
        raise InputError(f"{folder / FILE}: there already; --replace writes it anew")
    seen: dict[Path, Path] = {}
    for path in files:
        if what := no_file(path):
            raise InputError(f"{path}: {'no such file' if what == 'nothing' else f'{what}, not a file'}")
        if not path.name.lower().endswith(ENDINGS):
            raise InputError(f"{path}: not one of {', '.join(ENDINGS)}")
        if path.resolve() in seen:
            raise InputError(f"{path}: given twice")
        if any(path.name == other.name for other in seen.values()):
            raise InputError(f"{path}: two files of one name; rename one of them")
        seen[path.resolve()] = path


@contextmanager
def _in_place(files: Sequence[Path], folder: Path) -> Iterator[None]:
    """Copy files into the shop's folder where they lie elsewhere; on an error, take the copies out again."""
    copied: list[Path] = []
    made: list[Path] = []
    try:
        made += [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for path in files:
            place = folder / path.name
            if path.resolve().parent == folder.resolve():
                continue
            if place.exists():
                raise InputError(f"{place}: there already; remove it, or give that file")
            copied.append(place)
            shutil.copyfile(path, place)
        yield
    except BaseException:
        _remove(copied, made)
        raise


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what writing to a forbidden, full or impossible folder raises into an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror or error}") from error


def _remove(files: Sequence[Path], folders: Sequence[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
    for made in folders:
        if made.is_dir() and not any(made.iterdir()):
            made.rmdir()
