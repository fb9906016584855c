"""Each fault ends with the earlier warehouse or the later one, whole, and the next build works."""

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest
from builds import PALETTE, Place, fingerprint, state_of

from harm import leave_a_log

DBT = PALETTE.with_name("dbt")
MOMENTS = random.Random(0)
KILLED = [(number, MOMENTS.random(), MOMENTS.choice(["the command", "dbt", "both"])) for number in range(20)]


def builds_again(place: Place, states: dict[str, object]) -> None:
    done = place.build().wait()
    assert done.code == 0, done.output
    assert state_of(place.warehouse, states) == "later"
    assert place.left_over() == set()


@pytest.fixture(scope="session")
def seconds(tmp_path_factory: pytest.TempPathFactory, later: Place) -> float:
    """How long a build takes here."""
    started = time.monotonic()
    assert Place(tmp_path_factory.mktemp("timed"), later.data).build().wait().code == 0
    return time.monotonic() - started


@pytest.mark.parametrize(("number", "moment", "whom"), KILLED)
def test_killed_at_a_random_moment(place, states, seconds, number, moment, whom):
    build = place.build()
    time.sleep(moment * seconds)
    dbt = build.children()
    if whom != "dbt":
        build.kill()
    if whom != "the command":
        for pid in dbt:
            subprocess.run(["kill", "-9", str(pid)], stderr=subprocess.DEVNULL, check=False)
    done = build.wait()
    state = state_of(place.warehouse, states)
    assert (state == "later") or (done.code != 0)
    if whom == "dbt" and done.code:
        assert f"{place.warehouse} is as it was" in done.output
    if number % 5 == 0:
        builds_again(place, states)


def test_ctrl_c_ends_dbt_too(place, states, seconds):
    build = place.build()
    time.sleep(seconds / 2)
    (dbt,) = build.children()
    build.kill(signal.SIGINT)
    done = build.wait()
    assert done.code == 130
    assert "Traceback" not in done.output
    assert f"{place.warehouse} is as it was" in done.output
    assert not Path(f"/proc/{dbt}").exists()
    assert state_of(place.warehouse, states) == "earlier"
    assert place.left_over() == set()


@pytest.mark.parametrize("times", [1.02, 1.1, 1.2, 1.3, 1.5, 1.7, 1.9, 2.0, 2.2, 2.6])
def test_the_disk_is_full(earlier, later, states, small_disk, times):
    """Room for so many times the earlier warehouse, which lies there."""
    folder = small_disk(times * earlier.warehouse.stat().st_size / 1e6)
    place = Place(folder, later.data, artefacts=later.folder)
    place.warehouse.parent.mkdir()
    place.warehouse.write_bytes(earlier.warehouse.read_bytes())
    done = place.build().wait()
    state = state_of(place.warehouse, states)
    assert (done.code == 0) == (state == "later"), done.output
    assert state == "later" or "full" in done.output.splitlines()[-1], done.output


def test_a_log_of_a_plain_build_that_was_killed(place, states):
    """It stopped in the middle of replacing a table."""
    leave_a_log(place.warehouse, "create or replace table orders as select * from orders limit 1")
    assert place.left_over() == {"palette.duckdb.wal"}
    builds_again(place, states)


def test_a_plain_build_that_was_killed(place, states, seconds):
    plain = place.start("build", "--vars", "{palette_backtest: false}", program=DBT)
    time.sleep(seconds / 2)
    plain.kill()
    plain.wait()
    builds_again(place, states)


def test_twin_builds(place, states):
    first, second = place.build(), place.build()
    done = [first.wait(), second.wait()]
    assert sorted(run.code for run in done) == [0, 1], done
    (refused,) = (run for run in done if run.code)
    assert "is building it" in refused.output
    assert state_of(place.warehouse, states) == "later"
    assert place.left_over() == set()


def test_twin_builds_of_which_one_waits(place, states):
    first, second = place.build(), place.build("--wait", "600")
    done = [first.wait(), second.wait()]
    assert [run.code for run in done] in ([0, 0], [1, 0]), done
    assert state_of(place.warehouse, states) == "later"


def test_two_warehouses_in_one_folder(place, earlier, states):
    other = Place(place.folder, earlier.data, "other")
    done = [build.wait() for build in (place.build(), other.build())]
    assert [run.code for run in done] == [0, 0], done
    assert state_of(place.warehouse, states) == "later"
    assert fingerprint(other.warehouse) == fingerprint(earlier.warehouse)


def test_a_reader_goes_on_reading(place, states):
    with duckdb.connect(str(place.warehouse), read_only=True) as reader:
        before = reader.execute("select sum(amount) from order_lines").fetchone()
        assert place.build().wait().code == 0
        assert reader.execute("select sum(amount) from order_lines").fetchone() == before
    assert state_of(place.warehouse, states) == "later"


def test_a_writer_from_before_stops_the_build_at_its_start(place, states):
    with duckdb.connect(str(place.warehouse)):
        done = place.build().wait()
    assert done.code == 1
    assert "nothing was built" in done.output
    assert state_of(place.warehouse, states) == "earlier"


def test_a_writer_who_comes_meanwhile_keeps_the_new_warehouse_waiting(place, states, seconds):
    build = place.build()
    time.sleep(seconds / 3)
    with duckdb.connect(str(place.warehouse)):
        done = build.wait()
    assert done.code == 1, done.output
    assert "palette publish" in done.output
    assert state_of(place.warehouse, states) == "earlier"
    done = place.start("publish").wait()
    assert done.code == 0, done.output
    assert state_of(place.warehouse, states) == "later"
    assert place.left_over() == set()


def test_a_folder_that_is_read_only(earlier, later, small_disk):
    folder = small_disk(3 * earlier.warehouse.stat().st_size / 1e6)
    place = Place(folder, later.data, artefacts=later.folder)
    place.warehouse.parent.mkdir()
    place.warehouse.write_bytes(earlier.warehouse.read_bytes())
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    done = place.build().wait()
    assert done.code == 1
    assert f"{place.warehouse.parent}: cannot be written to" in done.output
    assert "Traceback" not in done.output
    assert place.warehouse.read_bytes() == earlier.warehouse.read_bytes()


def test_a_folder_that_vanishes_meanwhile(place, states, seconds):
    build = place.build()
    time.sleep(seconds / 2)
    shutil.rmtree(place.warehouse.parent, ignore_errors=True)
    shutil.rmtree(place.warehouse.parent, ignore_errors=True)
    done = build.wait()
    assert done.code == 1
    assert not place.warehouse.exists()
    builds_again(place, states)


def test_a_past_before_the_first_purchase(place, states):
    done = place.start("build", "--vars", "{palette_backtest: false, as_of_date: 1999-12-31}").wait()
    assert done.code == 1
    for words in ("not one purchase", f"{place.warehouse} is as it was"):
        assert words in done.output
    assert state_of(place.warehouse, states) == "earlier"
