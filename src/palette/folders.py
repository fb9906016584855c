"""Puts a finished warehouse that is a folder in the place of the earlier one, in one step (docs/spark.md).

The warehouse is a link to what one build made. Nothing is moved, since an engine's catalog holds absolute
paths, and a reader goes on with the build that it began to read.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from palette.core.errors import InputError
from palette.core.inputs import sql_string
from palette.core.warehouses import open_warehouse
from palette.core.writing import flush
from palette.publishing import (
    CARRIED,
    BuildError,
    Site,
    check_counts,
    check_space,
    locked,
    row_counts,
    unwritable,
)

SUFFIX = ".builds"  # of the folder of all builds, beside the link


@contextmanager
def building_site(warehouse: Path, *, wait: float = 0.0) -> Iterator[Site]:
    """Lock a warehouse, and make a folder for its build.

    Parameters
    ----------
    warehouse
        The link, which need not exist.
    wait
        Seconds to wait for another build of it.

    Raises
    ------
    BuildError
        Another build holds the lock, the folder cannot be written to, or something else is in its place.
    """
    link = warehouse.parent.resolve() / warehouse.name
    if link.exists() and not link.is_symlink():
        raise BuildError(
            f"{link}: not from `palette build`, which makes a link there: move it away. Nothing was built"
        )
    with locked(link, wait) as lock:
        folder = link.with_name(link.name + SUFFIX) / f"{datetime.now():%Y%m%dT%H%M%S.%f}"
        site = Site(link, folder / "warehouse", lock)
        try:
            check_space(link.parent)
            site.earlier.mkdir(parents=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        yield site


def carry_over(site: Site) -> None:
    """Lay aside what no input gives again of the earlier warehouse, from where dbt takes it into the new one.

    Raises
    ------
    BuildError
        The earlier warehouse cannot be read: the build would replace it all the same.
    """
    if not site.warehouse.exists():
        return
    try:
        with open_warehouse(site.warehouse) as connection:
            found = connection.execute(
                "select table_name from information_schema.tables "
                "where table_schema = 'main' and list_contains(?, table_name)",
                [list(CARRIED)],
            ).fetchall()
            for (name,) in found:
                connection.execute(f"copy {name} to {sql_string(site.earlier / name)} (format parquet)")
    except (InputError, OSError) as error:
        raise BuildError(f"{error}. Its history would be lost, so nothing was built") from error


def publish(site: Site, *, wait: float = 0.0) -> None:  # noqa: ARG001
    """Let the warehouse's link point to the new build, and remove all but this and the one before.

    Parameters
    ----------
    site
        Of a build that dbt has finished.
    wait
        Not used: nobody writes to a build that is finished.

    Raises
    ------
    BuildError
        The new one is not whole, holds no purchases, or cannot be put in place.
    """
    counts = {table: rows for table, rows in row_counts(site).items() if rows}  # one without may have no file
    try:
        with open_warehouse(site.scratch) as connection:
            check_counts(connection, site.scratch, counts)
        for path in (*site.scratch.rglob("*"), site.scratch, site.scratch.parent):
            flush(path)
        before = site.warehouse.resolve()
        link = site.scratch.parent / "link"
        link.symlink_to(site.scratch)
        link.replace(site.warehouse)
        flush(site.warehouse.parent)
    except BuildError:
        raise
    except (InputError, OSError) as error:
        raise BuildError(f"{site.scratch}: cannot be put in place: {error}") from error
    for folder in site.scratch.parent.parent.iterdir():
        if folder not in (site.scratch.parent, before.parent):
            shutil.rmtree(folder)
