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
