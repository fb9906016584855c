import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from palette.core import threads as module
from palette.core.threads import spread


def test_what_is_made_comes_in_the_order_of_the_batches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "THREADS", 4)

    def slower_at_first(number: int) -> int:
        time.sleep((20 - number) / 2_000)
        return number * number

    assert list(spread(slower_at_first, range(20))) == [number * number for number in range(20)]
    assert list(spread(slower_at_first, [])) == []


def test_batches_are_worked_on_at_the_same_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "THREADS", 2)
    both = threading.Barrier(2, timeout=30)  # of one alone the wait would end in an error
    assert sorted(spread(lambda _: both.wait(), range(4))) == [0, 0, 1, 1]


def test_no_more_is_made_than_is_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "THREADS", 2)
    asked = []

    def batches() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    found = spread(lambda number: number, batches())
    assert next(found) == 0
    assert len(asked) == 3
    found.close()
    assert len(asked) == 3


def test_an_error_is_raised_in_its_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "THREADS", 2)
    found = spread(lambda number: 1 / number, [2, 1, 0, 4])
    assert [next(found), next(found)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)


ARENAS = """
import ctypes, sys, threading
from palette.core.threads import share_memory
if sys.argv[1] == "shared":
    share_memory()
libc, together = ctypes.CDLL(None), threading.Barrier(8)
def take():
    together.wait()
    libc.malloc(1_000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the C library has no arenas")
@pytest.mark.parametrize(
    ("shared", "setting", "few"), [("shared", None, True), ("own", None, False), ("shared", "6", False)]
)
def test_threads_share_memory(shared: str, setting: str | None, few: bool):
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    environment |= {"MALLOC_ARENA_MAX": setting} if setting else {}
    done = subprocess.run(
        [sys.executable, "-c", ARENAS, shared], env=environment, capture_output=True, text=True, check=True
    )
    assert (done.stdout.count("<heap nr=") <= 2) == few
