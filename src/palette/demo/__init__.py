"""Demo retailers: made-up shops whose truth is known, written as the files a real retailer would deliver."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from palette.core.errors import InputError
from palette.core.writing import put, unfinished
from palette.demo import lpoint, online_retail

SEED = 20101201
TRUTH = "truth"

Writer = Callable[[Path, Path, int, int | None], None]
"""Writes a retailer's files into the first folder and what was planted in them into the second, for a seed
and a number of customers (None: the retailer's own)."""

RETAILERS: dict[str, Writer] = {"online_retail": online_retail.write, "lpoint": lpoint.write}
"""Every retailer the demo can write; a new one needs a writer and a line here."""


@dataclass(frozen=True)
class DemoFile:
    """A file that was written; `lines` counts its header, the warehouse never reads an `is_truth` file."""

    path: Path
    lines: int
    is_truth: bool


def write_demo(
    out: Path,
    retailers: Sequence[str] | None = None,
    seed: int = SEED,
    customers: int | None = None,
) -> dict[str, list[DemoFile]]:
    """Write demo retailers to `out/<retailer>/` and what was planted in them to `out/truth/<retailer>/`.

    A file appears under its name only when it is complete, and the same arguments give the same bytes.

    Parameters
    ----------
    out : Path
        Folder to write into; made if missing.
    retailers : sequence of str, optional
        Names from `RETAILERS`; all of them if None.
    seed : int
        Another seed gives another shop of the same kind.
    customers : int, optional
        About how many customers have an id; each retailer's own number if None.

    Returns
    -------
    dict of str to list of DemoFile
        Files of each retailer, data before truth, by name.

    Raises
    ------
    InputError
        If a retailer is not known, `customers` is below 1, or the folder cannot be written to.
    """
    names = list(RETAILERS) if retailers is None else list(retailers)
    if unknown := [name for name in names if name not in RETAILERS]:
        raise InputError(f"unknown demo retailer {', '.join(unknown)}; known are {', '.join(RETAILERS)}")
    if customers is not None and customers < 1:
        raise InputError(f"customers must be at least 1, not {customers}")
    return {name: _write_retailer(out, name, seed, customers) for name in names}


def _write_retailer(out: Path, retailer: str, seed: int, customers: int | None) -> list[DemoFile]:
    with unfinished(out) as scratch:
        data, truth = scratch / "data", scratch / TRUTH
        data.mkdir()
        truth.mkdir()
        RETAILERS[retailer](data, truth, seed, customers)
        return _publish(data, out / retailer, False) + _publish(truth, out / TRUTH / retailer, True)


def _publish(scratch: Path, folder: Path, is_truth: bool) -> list[DemoFile]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(scratch.iterdir()):
        lines = _count_lines(path)
        put(path, folder / path.name)
        written.append(DemoFile(folder / path.name, lines, is_truth))
    return written


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
