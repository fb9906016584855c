"""What happens to builds: others at the warehouse, processes to be killed, and who listens to Ctrl-C."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KILLED_WRITER = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("set wal_autocheckpoint = '1GB'")
connection.execute(sys.argv[2])
os._exit(9)
"""
_HOLDER = """
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "True")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(warehouse: Path, *, read_only: bool = False) -> Iterator[None]:
    """Have another process hold a warehouse open."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(warehouse), str(read_only)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        process.communicate(timeout=30)


def leave_a_log(warehouse: Path, sql: str) -> None:
    """Write to a warehouse and die, as a plain build that is killed: DuckDB's log stays beside the file."""
    subprocess.run([sys.executable, "-c", _KILLED_WRITER, str(warehouse), sql], check=False)
    assert warehouse.with_name(f"{warehouse.name}.wal").exists()


def children(pid: int) -> list[int]:
    """Ids of the processes that a process started."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in found.stdout.split()]


def listen_to_ctrl_c() -> None:
    """Undo what a shell does to what it runs in the background, these tests perhaps among it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
