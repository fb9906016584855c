"""Puts a finished warehouse in the place of the earlier one, in one step (docs/operations.md)."""

import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from palette.core.errors import InputError
from palette.core.inputs import sql_string
from palette.core.writing import flush

PURCHASES = "main.order_lines"
# Tables that no input gives again: a build begins with those of the earlier warehouse.
CARRIED = ("quality_history", "recommendation_choice_history", "value_choice_history")
# Environment variables for dbt: the file in which it leaves what it counted, the folder of what is carried.
ROW_COUNTS, EARLIER = "PALETTE_ROW_COUNTS", "PALETTE_EARLIER"
NEARLY_FULL = 16e6  # bytes: with so few left, whatever goes wrong goes wrong because of that
LOGS = (
    ".wal",
    ".wal.checkpoint",
    ".wal.recovery",
)  # what DuckDB keeps beside a file, by what follows its name
POLL = 0.2  # seconds between two looks at a lock


class BuildError(InputError):
    """The warehouse could not be built or is not there."""


@dataclass(frozen=True)
class Site:
    """Where one build works, which holds the warehouse's lock.

    Attributes
    ----------
    warehouse
        The file to put in place, links resolved.
    scratch
        The file that is built: of the warehouse's name, since DuckDB's views name their catalog, which is the
        file's name. Its folder is this build's alone.
    lock
        Descriptor of the lock, for child processes: the lock is free when none of them lives.
    """

    warehouse: Path
    scratch: Path
    lock: int

    @property
    def artefacts(self) -> Path:
        """Folder of what dbt says of this build."""
        return self.scratch.parent / "dbt"

    @property
    def earlier(self) -> Path:
        """Folder of what is set aside of the earlier warehouse."""
        return self.scratch.parent / "earlier"

    @property
    def counts(self) -> Path:
        """File of the rows that dbt counted in every table at its end."""
        return self.scratch.parent / "row_counts.json"

    @property
    def finished(self) -> Path:
        """File that is there when nothing is left to do but to publish."""
        return self.scratch.parent / "finished"


@contextmanager
def building_site(warehouse: Path, *, wait: float = 0.0, afresh: bool = True) -> Iterator[Site]:
    """Lock a warehouse, and make a scratch folder for its build.

    What a dead build left there is cleared first; a failed build leaves its own.

    Parameters
    ----------
    warehouse
        The warehouse's file or a link to it, which need not exist.
    wait
        Seconds to wait for another build of it.
    afresh
        Whether the scratch folder is to be cleared; else a build that is finished waits there.

    Raises
    ------
    BuildError
        Another build holds the lock; the folder cannot be written to.
    """
    real = warehouse.resolve()
    scratch = real.parent / ".building" / real.name / warehouse.name
    with locked(real, wait) as lock:
        site = Site(real, scratch, lock)
        _recover(site)
        try:
            if afresh:
                clear(scratch.parent)
                check_space(real.parent)
                site.earlier.mkdir(parents=True)
        except OSError as error:
            raise unwritable(scratch.parent, error) from error
        yield site


@contextmanager
def locked(warehouse: Path, wait: float) -> Iterator[int]:
    """Hold the lock of a warehouse's builds, for which its folder is made.

    Parameters
    ----------
    warehouse
        Its path, which need not exist.
    wait
        Seconds to wait for another build of it.

    Yields
    ------
    int
        The lock's descriptor.

    Raises
    ------
    BuildError
        Another build holds it; the folder cannot be written to.
    """
    try:
        warehouse.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(warehouse.parent / f".{warehouse.name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unwritable(warehouse.parent, error) from error
    try:
        _take(lock, warehouse, wait)
        yield lock
    finally:
        os.close(lock)


def carry_over(site: Site) -> None:
    """Copy what no input gives again from the earlier warehouse into the scratch one.

    Where there is no earlier warehouse, or it has no such table, nothing happens.

    Raises
    ------
    BuildError
        The earlier file is no DuckDB file, or is being written to: the build would replace it all the same.
    """
    if not site.warehouse.exists():
        return
    try:
        with duckdb.connect() as connection:
            _attach_earlier(connection, site)
            declared = connection.execute(
                "select table_name, sql from duckdb_tables() "
                "where database_name = 'earlier' and schema_name = 'main' and list_contains(?, table_name)",
                [list(CARRIED)],
            ).fetchall()
            connection.execute(f"attach {sql_string(site.scratch)} as scratch")
            connection.execute("use scratch")
            for name, sql in declared:
                connection.execute(sql)
                connection.execute(f"insert into {name} from earlier.main.{name}")
    except (duckdb.Error, OSError) as error:
        raise BuildError(
            f"{site.warehouse}: its {' and '.join(CARRIED)} cannot be read, so nothing was built. "
            f"Close whatever writes to the file, or move it away to begin anew. {_first_line(error)}"
        ) from error


def publish(site: Site, *, wait: float = 0.0) -> None:
    """Put the scratch file in the warehouse's place: check it, flush it to disk, then move it.

    Until the move the earlier file is as it was, byte for byte; after it the new one is there, whole.

    Parameters
    ----------
    site
        Of a build that dbt has finished.
    wait
        Seconds to wait for whoever writes to the earlier warehouse.

    Raises
    ------
    BuildError
        The scratch file is not whole, holds no purchases, or cannot be put in place.
    """
    try:
        checkpoint(site.scratch)
        verify(site.scratch, row_counts(site))
        flush(site.scratch)
        flush(site.scratch.parent)
        with _nobody_writing(site.warehouse, wait):
            move(site)
    except (duckdb.Error, OSError) as error:
        raise BuildError(f"{site.scratch}: cannot be put in place: {_first_line(error)}") from error
    clear(site.scratch.parent)


def row_counts(site: Site) -> dict[str, int]:
    """Return what dbt counted in every table at its end, by schema and name."""
    counted: dict[str, int] = json.loads(site.counts.read_text(encoding="utf-8"))
    return counted


def checkpoint(scratch: Path) -> None:
    """Bring DuckDB's log into the file.

    Raises
    ------
    BuildError
        A log is left beside it.
    """
    with duckdb.connect(str(scratch)) as connection:
        connection.execute("checkpoint")
    if left := [log for log in logs(scratch) if log.exists()]:
        raise BuildError(f"{left[0]}: DuckDB could not bring its log into the file: is the disk full?")


def verify(scratch: Path, counts: Mapping[str, int]) -> None:
    """Open the file anew and compare it with what dbt counted before it ended.

    Parameters
    ----------
    scratch
        The file, without a log.
    counts
        Rows of every table, by schema and name.

    Raises
    ------
    BuildError
        A table is missing or has another number of rows, or there are no purchases.
    """
    with duckdb.connect(str(scratch), read_only=True) as connection:
        check_counts(connection, scratch, counts)


def check_counts(connection: duckdb.DuckDBPyConnection, scratch: Path, counts: Mapping[str, int]) -> None:
    """Compare the tables of a connection to what was built with what dbt counted; see :func:`verify`."""
    found = {
        f"{schema}.{name}"
        for schema, name in connection.execute(
            "select table_schema, table_name from information_schema.tables"
        ).fetchall()
    }
    for table, rows in counts.items():
        if table not in found:
            raise BuildError(f"{scratch}: {table} is not there, though dbt built it: is the disk full?")
        counted = connection.execute(f"select count(*) from {table}").fetchone()
        if counted != (rows,):
            raise BuildError(
                f"{scratch}: {table} has {counted[0] if counted else 0:,} rows, "
                f"where dbt counted {rows:,}: is the disk full?"
            )
    if not counts.get(PURCHASES):
        raise BuildError(
            "there is not one purchase in it: every line is excluded, or lies after `as_of_date` "
            "(main.excluded_order_lines says which)"
        )


def move(site: Site) -> None:
    """Replace the warehouse by the scratch file, in one step that the disk holds when this returns.

    A log beside the earlier file would be replayed onto the new one. It is set aside before, in the scratch
    folder, where :func:`building_site` finds it if the power fails before the step is done.
    """
    set_aside = [log for log in logs(site.warehouse) if log.exists()]
    try:
        for log in set_aside:
            log.replace(site.earlier / log.name)
        if set_aside:
            flush(site.warehouse.parent)
        site.scratch.replace(site.warehouse)
    except BaseException:
        _recover(site)
        raise
    flush(site.warehouse.parent)


def logs(file: Path) -> list[Path]:
    """Return the files that DuckDB may keep beside one."""
    return [file.with_name(file.name + suffix) for suffix in LOGS]


def _recover(site: Site) -> None:
    """Put back the log that a build set aside, unless the new file was in place by then."""
    for log in logs(site.warehouse):
        place = site.earlier / log.name
        if place.exists() and site.scratch.exists():
            place.replace(log)


def _take(lock: int, warehouse: Path, wait: float) -> None:
    """Take the lock, and write into its file who has it."""
    until = time.monotonic() + wait
    announced = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = os.pread(lock, 1000, 0).decode(errors="replace").strip() or "another process"
        except OSError as error:
            raise unwritable(warehouse.parent, error) from error
        if time.monotonic() >= until:
            raise BuildError(
                f"{warehouse}: {holder} is building it. Nothing was built: `--wait SECONDS` waits for it"
            )
        if not announced:
            print(f"Waiting for {holder}, which is building {warehouse}", flush=True)
            announced = True
        time.sleep(POLL)
    now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()} (since {now})\n".encode(), 0)


@contextmanager
def _nobody_writing(warehouse: Path, wait: float) -> Iterator[None]:
    """Keep writers out of the earlier file, by the lock that DuckDB itself takes; readers may stay.

    A writer would go on writing its log beside the new file.
    """
    if not warehouse.exists():
        yield
        return
    until = time.monotonic() + wait
    with warehouse.open("rb") as file:
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):
                if time.monotonic() >= until:
                    raise BuildError(
                        f"{warehouse}: somebody has it open for writing. Close that, and `palette publish` "
                        "puts the finished warehouse in place"
                    ) from None
            time.sleep(POLL)
        yield


def _attach_earlier(connection: duckdb.DuckDBPyConnection, site: Site) -> None:
    """Attach the earlier warehouse; where its log is of another file, without it."""
    try:
        connection.execute(f"attach {sql_string(site.warehouse)} as earlier (read_only)")
    except duckdb.Error:
        if not any(log.exists() for log in logs(site.warehouse)):
            raise
        alone = site.earlier / site.warehouse.name
        alone.hardlink_to(site.warehouse)
        connection.execute(f"attach {sql_string(alone)} as earlier (read_only)")
        print(f"{site.warehouse}: its log cannot be replayed, and is left out")


def clear(folder: Path) -> None:
    """Remove a scratch folder, and the one around it when that is empty."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    else:
        folder.unlink(missing_ok=True)
    if folder.parent.is_dir() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def check_space(folder: Path) -> None:
    """Begin no build on a disk that is full.

    Raises
    ------
    BuildError
        Hardly anything is left of it.
    """
    if (free := shutil.disk_usage(folder).free) < NEARLY_FULL:
        raise BuildError(full(folder, free))


def full(folder: Path, free: int) -> str:
    """Say that a disk is full, in words for the middle or the whole of a message."""
    return f"the disk of {folder} is full ({free / 1e6:.0f} MB are left)"


def unwritable(folder: Path, error: OSError) -> BuildError:
    """Say that a folder cannot be written to; to be raised."""
    return BuildError(f"{folder}: cannot be written to: {error.strerror}. Nothing was built")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
