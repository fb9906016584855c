"""Work over batches on all of the machine's cores, from memory that they share."""

import ctypes
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Batch = TypeVar("Batch")
Made = TypeVar("Made")

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_ARENA_MAX, _ARENAS = -8, 2  # of glibc's malloc.h


def share_memory() -> None:
    """Let all threads take memory from two arenas, unless ``MALLOC_ARENA_MAX`` says how many.

    The GNU C library would give each thread its own and keep there what is freed: a third of a build's
    memory. Other C libraries have no such arenas.
    """
    if "MALLOC_ARENA_MAX" not in os.environ and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_ARENA_MAX, _ARENAS)


def spread(work: Callable[[Batch], Made], batches: Iterable[Batch]) -> Iterator[Made]:
    """Do some work for each batch, as many at a time as there are cores.

    Parameters
    ----------
    work
        What is done; pays where it spends its time in libraries that let others run meanwhile (NumPy, SciPy).
    batches
        Taken when their turn comes.

    Yields
    ------
    object
        What was made of each batch, in the order of the batches. No more than one a core is made and not yet
        taken, which bounds the memory. An error of the work is raised in its batch's place.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        pending: deque[Future[Made]] = deque()
        try:
            for batch in batches:
                pending.append(pool.submit(work, batch))
                if len(pending) > THREADS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for waiting in pending:
                waiting.cancel()
