"""A warehouse of one table is published under every fault that a machine has."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pytest

from harm import leave_a_log
from palette import publishing
from palette.core import writing
from palette.publishing import BuildError, building_site, carry_over, logs, publish, verify
from palette.warehouse import outcome

SPAWNING = get_context("forkserver")
SPAWNING.set_forkserver_preload(["palette.warehouse", "pytest"])  # what each process would import

AT_ONCE = 16  # builds that are killed beside each other

HALF_BUILT = "create or replace table order_lines as select 'half built' as line from range(7)"


def write(file: Path, line: str, rows: int = 3) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("create or replace table order_lines (line varchar)")
        connection.execute(f"insert into order_lines select '{line}' from range({rows})")
        connection.execute("create table if not exists quality_history as select 1 as build_id")


def lines(file: Path) -> set[str]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return {line for (line,) in connection.execute("select line from order_lines").fetchall()}


def finish(site: publishing.Site, line: str = "new", rows: int = 3) -> None:
    """Do what dbt does: build the scratch file, and leave what was counted."""
    write(site.scratch, line, rows)
    site.counts.write_text(json.dumps({"main.order_lines": rows}))


def build(warehouse: Path, line: str = "new") -> None:
    with building_site(warehouse) as site:
        finish(site, line)
        publish(site)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """The earlier warehouse."""
    file = tmp_path / "warehouse" / "palette.duckdb"
    file.parent.mkdir()
    write(file, "earlier")
    return file


def left_over(warehouse: Path) -> list[str]:
    kept = {warehouse.name, f".{warehouse.name}.lock"}
    return [path.name for path in warehouse.parent.iterdir() if path.name not in kept]


def test_the_new_file_takes_the_place_of_the_earlier_one(warehouse):
    build(warehouse)
    assert lines(warehouse) == {"new"}
    assert left_over(warehouse) == []


def test_a_stale_log_is_not_replayed_onto_the_new_file(warehouse):
    leave_a_log(warehouse, HALF_BUILT)
    build(warehouse)
    assert lines(warehouse) == {"new"}
    assert left_over(warehouse) == []


def test_a_log_of_another_file_does_not_keep_the_history_from_being_read(warehouse):
    logs(warehouse)[0].write_bytes(b"a log of something else")
    with building_site(warehouse) as site:
        carry_over(site)
        finish(site)
        publish(site)
    assert lines(warehouse) == {"new"}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert connection.execute("select build_id from quality_history").fetchall() == [(1,)]


# ---- killed at every step


class Killer:
    """Kills the process at the n-th call that the code of publishing makes, or returns from."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.calls = 0

    def __call__(self, frame, *_):
        if frame.f_code.co_filename in (publishing.__file__, writing.__file__):
            self.calls += 1
            if self.calls == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def publish_until(warehouse: Path, at: int, reached) -> None:
    with building_site(warehouse) as site:
        finish(site)
        killer = Killer(at)
        sys.setprofile(killer)
        try:
            publish(site)
        finally:
            sys.setprofile(None)
    reached.put(killer.calls)


def killed_at(warehouse: Path, at: int) -> int:
    """Publish in a process that is killed at a call; returns the number of calls where it lived."""
    reached = SPAWNING.SimpleQueue()
    process = SPAWNING.Process(target=publish_until, args=(warehouse, at, reached))
    process.start()
    process.join()
    if process.exitcode == 0:
        return reached.get()
    assert process.exitcode == -signal.SIGKILL
    return 0


@pytest.mark.slow
def test_killed_at_any_call_the_earlier_or_the_new_file_is_there_and_the_next_build_works(
    warehouse, tmp_path
):
    leave_a_log(warehouse, HALF_BUILT)
    earlier = warehouse.read_bytes()

    def killed_and_built_again(at: int) -> tuple[int, set[str]]:
        folder = tmp_path / str(at)
        shutil.copytree(warehouse.parent, folder)
        here = folder / warehouse.name
        ended = killed_at(here, at)
        found = lines(here)
        assert found == {"new"} or (found < {"earlier", "half built"} and here.read_bytes() == earlier)
        build(here, "next")
        assert lines(here) == {"next"}
        assert left_over(here) == []
        return ended, found

    seen: set[str] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:  # most of the time goes by waiting for the disk
        for first in count(1, AT_ONCE):
            steps = list(pool.map(killed_and_built_again, range(first, first + AT_ONCE)))
            seen |= set().union(*(found for _, found in steps))
            if any(ended for ended, _ in steps):
                break
    assert max(ended for ended, _ in steps) > 30
    assert seen == {"earlier", "half built", "new"}


def test_the_log_that_a_dead_build_set_aside_is_put_back(warehouse):
    leave_a_log(warehouse, HALF_BUILT)
    log = logs(warehouse)[0]
    with building_site(warehouse) as site:
        finish(site)
        log.replace(site.earlier / log.name)
    with building_site(warehouse):
        assert log.exists()
    assert lines(warehouse) == {"half built"}


def test_the_move_follows_the_flush(warehouse, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace

    def recorded_sync(descriptor):
        done.append(("flush", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        sync(descriptor)

    def recorded_replace(source, target, **kwargs):
        done.append(("move", str(target)))
        replace(source, target, **kwargs)

    with building_site(warehouse) as site:
        finish(site)
        monkeypatch.setattr(os, "fsync", recorded_sync)
        monkeypatch.setattr(os, "replace", recorded_replace)
        publish(site)
        assert done == [
            ("flush", str(site.scratch)),
            ("flush", str(site.scratch.parent)),
            ("move", str(warehouse)),
            ("flush", str(warehouse.parent)),
        ]


# ---- what dbt says was built is not what is there


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"main.order_lines": 4}, "3 rows, where dbt counted 4"),
        ({"main.order_lines": 3, "main.orders": 2}, "main.orders is not there, though dbt built it"),
    ],
)
def test_a_file_that_lacks_what_dbt_built_is_refused(warehouse, counts, words):
    with pytest.raises(BuildError, match=words):
        verify(warehouse, counts)


def test_a_warehouse_without_a_purchase_does_not_replace_another(warehouse):
    before = warehouse.read_bytes()
    with building_site(warehouse) as site:
        finish(site, rows=0)
        with pytest.raises(BuildError, match="not one purchase"):
            publish(site)
    assert warehouse.read_bytes() == before


# What dbt does on a disk that becomes full: what it was told to write is in the log, and it ends well.
LOGGED_ONLY = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set wal_autocheckpoint = '1GB'")
connection.execute("create table order_lines as select 'new' as line, random() as price from range(250000)")
os._exit(0)
"""


@pytest.mark.parametrize("megabytes", range(3, 13))
def test_a_full_disk_ends_with_the_earlier_file_or_the_new_one(small_disk, megabytes, monkeypatch):
    monkeypatch.setattr(publishing, "NEARLY_FULL", 0)
    warehouse = small_disk(megabytes) / "palette.duckdb"
    write(warehouse, "earlier")
    before = warehouse.read_bytes()
    with building_site(warehouse) as site:
        done = subprocess.run(
            [sys.executable, "-c", LOGGED_ONLY, site.scratch], capture_output=True, check=False
        )
        if done.returncode == 0:
            site.counts.write_text(json.dumps({"main.order_lines": 250_000}))
            with contextlib.suppress(BuildError):
                publish(site)
                assert lines(warehouse) == {"new"}
                return
    assert warehouse.read_bytes() == before


def test_after_a_move_that_was_not_flushed_the_new_file_is_said_to_be_there(warehouse, monkeypatch):
    before = warehouse.stat().st_ino
    monkeypatch.setattr(publishing, "move", lambda site: site.scratch.replace(site.warehouse) and (1 / 0))
    with building_site(warehouse) as site:
        finish(site)
        assert outcome(warehouse, before) == f"{warehouse} is as it was"
        with pytest.raises(ZeroDivisionError):
            publish(site)
    assert outcome(warehouse, before) == f"{warehouse} is the new one, whole"


def test_on_a_disk_that_is_full_nothing_is_begun(small_disk):
    folder = small_disk(5)
    with (
        pytest.raises(BuildError, match=f"the disk of {folder} is full"),
        building_site(folder / "palette.duckdb"),
    ):
        pytest.fail("built")


# ---- others at the same warehouse


def test_a_second_build_says_who_has_the_first(warehouse):
    mine = f"process {os.getpid()} on .*--wait"
    with building_site(warehouse), pytest.raises(BuildError, match=mine), building_site(warehouse):
        pytest.fail("both build")


def hold(warehouse: Path, held) -> None:
    with building_site(warehouse):
        held.put(True)
        signal.pause()


def test_a_second_build_waits_as_asked_and_a_dead_one_holds_nothing(warehouse, capsys):
    held = SPAWNING.SimpleQueue()
    first = SPAWNING.Process(target=hold, args=(warehouse, held))
    first.start()
    held.get()
    with pytest.raises(BuildError, match=f"process {first.pid}"), building_site(warehouse):
        pytest.fail("both build")
    signal.signal(signal.SIGALRM, lambda *_: first.kill())
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with building_site(warehouse, wait=30) as site:
        finish(site)
        publish(site)
    first.join()
    assert f"Waiting for process {first.pid}" in capsys.readouterr().out
    assert lines(warehouse) == {"new"}


def test_two_warehouses_in_one_folder_do_not_know_of_each_other(warehouse):
    other = warehouse.with_name("other.duckdb")
    with building_site(warehouse) as one, building_site(other) as two:
        finish(one, "one")
        finish(two, "two")
        publish(two)
        publish(one)
    assert (lines(warehouse), lines(other)) == ({"one"}, {"two"})


def test_a_reader_keeps_what_it_reads(warehouse):
    with duckdb.connect(str(warehouse), read_only=True) as reader:
        process = SPAWNING.Process(target=build, args=(warehouse,))
        process.start()
        process.join()
        assert process.exitcode == 0
        assert reader.execute("select distinct line from order_lines").fetchall() == [("earlier",)]
    assert lines(warehouse) == {"new"}


def write_until_told(warehouse: Path, held, told) -> None:
    with duckdb.connect(str(warehouse)):
        held.put(True)
        told.get()


def test_a_writer_keeps_the_new_file_waiting(warehouse):
    """It would go on writing its log beside the new file, onto which that would be replayed."""
    held, told = SPAWNING.SimpleQueue(), SPAWNING.SimpleQueue()
    writer = SPAWNING.Process(target=write_until_told, args=(warehouse, held, told))
    writer.start()
    held.get()
    with building_site(warehouse) as site:
        finish(site)
        with pytest.raises(BuildError, match="palette publish"):
            publish(site)
    told.put(True)
    writer.join()
    assert lines(warehouse) == {"earlier"}
    with building_site(warehouse, afresh=False) as site:
        publish(site)
    assert lines(warehouse) == {"new"}


# ---- the place


def test_a_link_stays_a_link(warehouse, tmp_path):
    link = tmp_path / "linked.duckdb"
    link.symlink_to(warehouse)
    with building_site(link) as site:
        assert site.scratch.name == "linked.duckdb"
        finish(site)
        publish(site)
    assert link.is_symlink()
    assert lines(warehouse) == {"new"}


@pytest.mark.parametrize("vanished", [False, True])
def test_a_folder_that_cannot_be_written_to_or_is_no_folder_says_so(tmp_path, vanished):
    place = tmp_path / "place"
    if vanished:
        place.write_text("a file")
    else:
        place.mkdir()
        (place / ".palette.duckdb.lock").mkdir()
    words = f"{place}.*cannot be written to"
    with pytest.raises(BuildError, match=words), building_site(place / "palette.duckdb"):
        pytest.fail("built")


def test_a_folder_that_vanishes_meanwhile_says_so(warehouse):
    with building_site(warehouse) as site:
        finish(site)
        shutil.rmtree(warehouse.parent)
        with pytest.raises(BuildError, match="cannot be put in place"):
            publish(site)


def test_what_a_dead_build_left_is_cleared_at_the_next_start(warehouse):
    with building_site(warehouse) as site:
        site.scratch.write_text("names of customers")
    assert left_over(warehouse) == [".building"]
    with building_site(warehouse) as site:
        assert not site.scratch.exists()
