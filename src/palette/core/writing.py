"""Writes files for people: whole or not at all, and without a cell that a spreadsheet would run."""

import csv
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd

from palette.core.errors import InputError

UNFINISHED = ".unfinished-"  # how scratch folders begin, beside what is being written

# What OWASP names as the start of a formula; a spreadsheet takes the wide signs for the narrow ones.
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """Give a scratch folder inside a folder, to write in and to move what is whole into place from.

    It goes when the block ends, however that is. A killed process leaves its own, which the next one to write
    into the folder removes: a lock tells the two apart.

    Parameters
    ----------
    folder
        Where the finished files go; made if need be.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            with _locked(folder):
                _sweep(folder)
                scratch = Path(mkdtemp(prefix=UNFINISHED, dir=folder))
                held.callback(shutil.rmtree, scratch, ignore_errors=True)
                held.enter_context(_locked(scratch))
            yield scratch
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to: {error.strerror or error}") from error


def write_whole(place: Path, text: str) -> None:
    """Write a text file, in UTF-8, or leave an earlier one as it is.

    Raises
    ------
    InputError
        It cannot be written; the message names it.
    """
    place = place.resolve()  # a link stays one
    if place.exists() and not place.is_file():
        raise InputError(f"{place}: not a file, and not replaced by one")
    with unfinished(place.parent) as scratch:
        part = scratch / place.name
        part.write_text(text, encoding="utf-8", newline="")
        put(part, place)


def put(part: Path, place: Path) -> None:
    """Move a finished file to its place in one step, not before the disk holds what is in it."""
    flush(part)
    part.replace(place)
    flush(place.parent)


def flush(path: Path) -> None:
    """Wait until the disk holds a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_csv(frame: pd.DataFrame, place: Path) -> None:
    """Write a table as CSV that people open in a spreadsheet, whole or not at all.

    Texts stand in quotes, and one that a spreadsheet would take for a formula has an apostrophe in front;
    numbers are written as they are.

    Raises
    ------
    InputError
        It cannot be written; the message names it.
    """
    safe = frame.rename(columns=_as_text).map(_as_text)
    write_whole(place, safe.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"))


def _as_text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


@contextmanager
def _locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a folder's lock, which the system lets go of when the process ends.

    Raises
    ------
    BlockingIOError
        Somebody else holds it, and we do not wait.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove the scratch folders of processes that are no more."""
    for left in folder.glob(f"{UNFINISHED}*"):
        try:
            with _locked(left, wait=False):
                shutil.rmtree(left, ignore_errors=True)
        except OSError:  # in use, or another one's
            continue
