"""Says what is wrong with machine, versions, settings, data and disk before a build does."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal, NamedTuple

import duckdb
import yaml
from packaging.requirements import Requirement

from palette import dbt_plugin
from palette.core.errors import ExpectedError
from palette.core.forms import project_folder
from palette.core.retailers import DEMO, data_folder
from palette.core.settings import Settings
from palette.core.warehouses import limit_memory, open_warehouse
from palette.engine import installed
from palette.warehouse import warehouse_path

MEMORY = 4  # GB that a build of half a million lines takes comfortably
PER_BYTE = 10  # bytes of disk for a byte of input: the warehouse, the one before it, and what spills
LEAST_DISK = 1e9  # bytes

State = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """One thing that was looked at, how it is, and what to do where it is not well."""

    state: State
    what: str
    said: str


def examine() -> Iterator[Finding]:
    """Look at everything that a build needs, one thing after the other.

    Yields
    ------
    Finding
        As soon as it is known. Nothing is built or written but what the files of the shops were parsed to,
        which a build uses.
    """
    for what, look in CHECKS.items():
        try:
            for state, said in look():
                yield Finding(state, what, said)
        except ExpectedError as error:
            yield Finding("error", what, str(error))


def _libraries() -> Iterator[tuple[State, str]]:
    wanted = [Requirement(line) for line in requires("palette") or []]
    wrong = []
    for each in wanted:
        if each.marker and not each.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(each.name)
        except PackageNotFoundError:
            wrong.append(f"{each.name} is missing")
            continue
        if not each.specifier.contains(found, prereleases=True):
            wrong.append(f"{each.name} is {found}, where {each.specifier} is needed")
    if wrong:
        yield "error", f"{'; '.join(wrong)}: .venv/bin/pip install --no-deps -r requirements.lock"
        return
    dbt_plugin.load_learners()
    versions = f"Python {platform.python_version()}, dbt {version('dbt-core')}, DuckDB {version('duckdb')}"
    yield "ok", f"{versions}, all as asked"


def _machine() -> Iterator[tuple[State, str]]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with duckdb.connect() as connection:
        limit_memory(connection)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    said = f"{cores} core{'s' * (cores != 1)}, {memory:.0f} GB of memory"
    if memory < MEMORY:
        yield "warning", f"{said}: a large shop may not fit; PALETTE_MEMORY says how much DuckDB may take"
    else:
        yield "ok", said


def _engine() -> Iterator[tuple[State, str]]:
    yield "ok", installed()


def _settings() -> Iterator[tuple[State, str]]:
    project = yaml.safe_load((project_folder() / "dbt_project.yml").read_text(encoding="utf-8"))
    Settings.check(project.get("vars") or {})
    yield "ok", "the vars of dbt_project.yml can be used"


def _data() -> Iterator[tuple[State, str]]:
    folder = data_folder()
    if folder == project_folder() / DEMO and not folder.is_dir():
        yield "ok", f"no shop is added yet: a build writes the demo to {folder}"
        return
    shops = dbt_plugin.found()
    dbt_plugin.check_shops()
    yield "ok", f"{folder}: {', '.join(shop.key for shop in shops.retailers)}"
    for line in dbt_plugin.land_inputs():
        yield "ok", line


def _disk() -> Iterator[tuple[State, str]]:
    warehouse = warehouse_path().resolve()
    folder = next(parent for parent in warehouse.parents if parent.is_dir())
    if not os.access(folder, os.W_OK):
        yield "error", f"{folder} cannot be written to: choose another place with PALETTE_DB"
        return
    data = data_folder()
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) if data.is_dir() else 0
    needed, free = max(LEAST_DISK, PER_BYTE * size), shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB are free at {folder}"
    if free < needed:
        yield (
            "warning",
            f"{said}: {needed / 1e9:.1f} GB would be comfortable for {size / 1e9:.1f} GB of files",
        )
    else:
        yield "ok", said


def _warehouse() -> Iterator[tuple[State, str]]:
    warehouse = warehouse_path()
    if not warehouse.exists():
        yield "ok", f"none yet: make build writes {warehouse}"
        return
    with open_warehouse(warehouse) as connection:
        names = connection.sql("select retailer from retailer_overview order by retailer").fetchall()
    yield "ok", f"{warehouse} holds {', '.join(name for (name,) in names) or 'no purchases'}"


CHECKS: dict[str, Callable[[], Iterator[tuple[State, str]]]] = {
    "Libraries": _libraries,
    "Machine": _machine,
    "Engine": _engine,
    "Settings": _settings,
    "Disk": _disk,
    "Warehouse": _warehouse,
    "Data": _data,
}
