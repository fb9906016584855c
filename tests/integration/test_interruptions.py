"""A build that is ended takes dbt with it, and leaves the earlier warehouse (the rest: `make faults`)."""

import os
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest
from sandboxes import BIN

from harm import children, listen_to_ctrl_c

PATIENCE = 60  # seconds, many more than are needed


def until(condition) -> bool:
    """Wait until something holds, and say whether it came to that."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def has_ended(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def building(sandbox):
    """A build that dbt is at, over an earlier warehouse, with dbt's process id."""
    with duckdb.connect(str(sandbox.warehouse)) as connection:
        connection.execute("create table order_lines as select 'earlier' as line")
    command = subprocess.Popen(
        [BIN / "palette", "build"],
        cwd=sandbox.project,
        env=os.environ | sandbox.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=listen_to_ctrl_c,
    )
    assert until(lambda: children(command.pid) or command.poll() is not None)
    yield command, children(command.pid)[0]
    command.kill()
    command.communicate()


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_build_ends_with_dbt_and_says_what_is_there(building, sandbox, how, code):
    command, dbt = building
    before = sandbox.warehouse.read_bytes()
    command.send_signal(how)
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == code
    assert f"{sandbox.warehouse} is as it was" in output
    assert "Traceback" not in output
    assert until(lambda: has_ended(dbt))
    assert sandbox.warehouse.read_bytes() == before
    assert not (sandbox.folder / ".building").exists()


def test_a_killed_build_takes_dbt_with_it_and_holds_nothing(building, sandbox):
    command, dbt = building
    before = sandbox.warehouse.read_bytes()
    command.kill()
    assert until(lambda: has_ended(dbt))
    assert sandbox.warehouse.read_bytes() == before
    done = sandbox.run("palette", "publish")
    assert done.code == 1
    assert "no finished build waits" in done.output


def test_dbt_that_is_killed_is_named(building, sandbox):
    command, dbt = building
    os.kill(dbt, signal.SIGKILL)
    output, _ = command.communicate(timeout=PATIENCE)
    assert command.returncode == 1
    assert "dbt was ended by SIGKILL" in output
    assert f"{sandbox.warehouse} is as it was" in output
