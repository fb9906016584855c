"""Builds the warehouse by way of a scratch copy, so that a failed build leaves the earlier one untouched."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
from rich.console import Console

from palette import folders, publishing
from palette.core.forms import project_folder
from palette.core.landing import prune
from palette.core.retailers import DEMO, chosen_retailers, data_folder, find_retailers
from palette.core.warehouses import limit_memory
from palette.core.writing import unfinished
from palette.demo import write_demo
from palette.engine import makes_folders, place_of
from palette.progress import JSON_LOG, Progress
from palette.publishing import (
    EARLIER,
    NEARLY_FULL,
    ROW_COUNTS,
    BuildError,
    Site,
    building_site,
    clear,
    full,
    publish,
)
from palette.withholding import advice, failures, take_out

UNTESTED = ("--exclude-resource-type", "unit_test")  # they look at code, not at data
RESULTS = "run_results.json"
PARSED = "partial_parse.msgpack"  # which saves dbt to read every file anew

_LIBRARY = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def warehouse_path() -> Path:
    """Return the absolute path of the warehouse's file or folder: ``PALETTE_DB``, else the project's own.

    Raises
    ------
    InputError
        The environment asks for an engine that there is not, or for tables out of sight.
    """
    return place_of(project_folder() / "warehouse")


def target_folder() -> Path:
    """Return the folder of what is made from the warehouse: dbt's ``DBT_TARGET_PATH``, else ``target``."""
    return project_folder() / os.environ.get("DBT_TARGET_PATH", "target")


def existing_warehouse() -> Path:
    """Return the path of the warehouse.

    Raises
    ------
    BuildError
        Nothing was built there yet.
    """
    warehouse = warehouse_path()
    if not warehouse.exists():
        raise BuildError(f"{warehouse}: no warehouse yet, run `make build`")
    return warehouse


def build(dbt_vars: str | None = None, *, wait: float = 0.0, verbose: bool = False) -> Path:
    """Build every model, data test and quality check from nothing, then put the result in place at once.

    Of the earlier warehouse the new one holds what no input gives again, such as the quality history. What a
    failed check is about is taken out, where the rest can stand without it.

    Parameters
    ----------
    dbt_vars
        YAML for dbt's ``--vars``.
    wait
        Seconds to wait for another build of the same warehouse, and for whoever writes to the earlier one.
    verbose
        Whether to show what dbt prints, instead of how far it is.

    Returns
    -------
    pathlib.Path
        The warehouse.

    Raises
    ------
    InputError
        The environment names no amount of memory.
    BuildError
        The earlier one cannot be read or another build has it, dbt failed, which has printed why, or what it
        built is not whole. The earlier one is as it was.
    """
    with duckdb.connect() as connection:
        limit_memory(connection)  # as dbt will, which buries what is wrong with it in a stack trace
    warehouse = warehouse_path()
    before = _identity(warehouse)
    place = folders if makes_folders() else publishing
    with place.building_site(warehouse, wait=wait) as site:
        try:
            place.carry_over(site)
            write_missing_demo()
            build_scratch(site, ["--vars", dbt_vars] if dbt_vars else [], verbose=verbose)
            place.publish(site, wait=wait)
        except BuildError as error:
            raise BuildError(f"{error}. {outcome(warehouse, before)}") from error
        except (KeyboardInterrupt, SystemExit):
            clear(site.scratch.parent)
            print(outcome(warehouse, before), flush=True)
            raise
        prune(find_retailers(data_folder(), chosen_retailers()).retailers)
    return warehouse


def outcome(warehouse: Path, before: int | None) -> str:
    """Say which warehouse is there, of which the earlier one had the identity ``before``."""
    now = _identity(warehouse)
    if now is None:
        return "No warehouse was written"
    return f"{warehouse} is as it was" if now == before else f"{warehouse} is the new one, whole"


def _identity(warehouse: Path) -> int | None:
    return warehouse.stat().st_ino if warehouse.exists() else None


def build_scratch(site: Site, options: Sequence[str], *, verbose: bool = False) -> None:
    """Run dbt on the scratch warehouse; on a file once more without what its checks found to be wrong.

    Raises
    ------
    BuildError
        Something other than a check failed, or one of a table that all others stand on.
    """
    site.artefacts.mkdir()
    if (parsed := target_folder() / PARSED).is_file():
        shutil.copy(parsed, site.artefacts)

    def run(command: str, *selected: str) -> None:
        passed_on = {ROW_COUNTS: str(site.counts), EARLIER: str(site.earlier)}
        arguments = [command, "--target-path", str(site.artefacts), *options, *selected]
        if verbose:
            code = dbt(arguments, site.scratch, passed_on, keeping=site.lock)
        else:
            with Progress(Console(), target_folder() / RESULTS) as progress:
                arguments += JSON_LOG
                code = dbt(arguments, site.scratch, passed_on, keeping=site.lock, watch=progress)
        if code:
            reason = f"dbt was ended by {signal.Signals(-code).name}" if code < 0 else "the build failed"
            folder = site.warehouse.parent
            if not folder.is_dir():
                raise BuildError(f"{reason}: {folder} is gone")
            if (free := shutil.disk_usage(folder).free) < NEARLY_FULL:
                reason += f": {full(folder, free)}"
            raise BuildError(f"{reason}. What was built until then: {site.scratch}")

    try:
        run("build", *UNTESTED)
    except BuildError as error:
        if site.scratch.is_dir():  # of which nothing can be taken out from here
            raise
        found, nothing_else = failures(site.artefacts, site.scratch)
        for failure in found:
            print(f"FAILED {failure}", flush=True)
        if not all(failure.is_removable for failure in found):
            raise BuildError(f"{error}. {advice(found)}") from error
        if not (found and nothing_else):
            raise
        take_out(site.scratch, site.counts, found)
        tables = sorted({failure.table for failure in found if failure.table})
        print(f"Withheld from {', '.join(tables)}; building what reads them without it", flush=True)
        run("build", *UNTESTED, "--select", *(f"{table}+" for table in tables), "--exclude", *tables)
        run("test", *UNTESTED, "--select", *tables)
    site.finished.touch()
    target_folder().mkdir(parents=True, exist_ok=True)
    for artefact in site.artefacts.glob("*.*"):
        shutil.copy(artefact, target_folder())


def publish_finished(*, wait: float = 0.0) -> Path:
    """Put a warehouse in place that was built, but could not be put there then.

    Raises
    ------
    BuildError
        None waits, or it still cannot be put in place.
    """
    warehouse = warehouse_path()
    if makes_folders():
        raise BuildError("a folder is put in place at the end of its build: nothing waits for it")
    with building_site(warehouse, wait=wait, afresh=False) as site:
        if not site.finished.is_file():
            raise BuildError(f"{warehouse}: no finished build waits to be put in place, run `make build`")
        publish(site, wait=wait)
    return warehouse


def document() -> Path:
    """Generate dbt's lineage site; builds the warehouse first where there is none.

    Returns
    -------
    pathlib.Path
        The site's first page.
    """
    warehouse = warehouse_path()
    if not warehouse.exists():
        build()
    if dbt(["docs", "generate"], warehouse):
        raise BuildError("the lineage site could not be generated")
    return target_folder() / "index.html"


def write_missing_demo() -> None:
    """Write the demo where nothing else is to be built: no data folder is named, and no shop was added."""
    demo = project_folder() / DEMO
    if data_folder() != demo or demo.is_dir():
        return
    print(f"Writing the demo data to {demo}")
    with unfinished(demo.parent) as scratch:
        write_demo(scratch / demo.name)
        if not demo.is_dir():  # another build may have been faster
            (scratch / demo.name).replace(demo)


def dbt(
    arguments: Sequence[str],
    warehouse: Path,
    further: Mapping[str, str] | None = None,
    *,
    keeping: int | None = None,
    watch: Callable[[str], None] | None = None,
) -> int:
    """Run dbt in the project on a warehouse file.

    It ends when this process does, however that ends.

    Parameters
    ----------
    arguments
        Of the command `dbt`.
    warehouse
        The file it works on.
    further
        Environment variables.
    keeping
        Descriptor of a lock that dbt holds as well while it lives.
    watch
        Called with each line that dbt prints, which is not shown otherwise.

    Returns
    -------
    int
        dbt's exit code, below 0 that of the signal that ended it.
    """
    environment = os.environ | {"PALETTE_DB": str(warehouse)} | dict(further or {})
    if "PALETTE_DATA" not in (further or {}):
        environment["PALETTE_DATA"] = str(data_folder())
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    with subprocess.Popen(
        command,
        cwd=project_folder(),
        env=environment,
        pass_fds=() if keeping is None else (keeping,),
        preexec_fn=_die_with_parent,
        stdout=subprocess.PIPE if watch else None,
        stderr=subprocess.STDOUT if watch else None,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                if watch:
                    watch(line)
            return process.wait()
        except BaseException:
            process.kill()  # asked to end, dbt would first finish the models it is at
            process.wait()
            raise


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies; elsewhere the lock tells that it lives."""
    if sys.platform == "linux":
        _LIBRARY.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
