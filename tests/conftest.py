"""How the tests share a machine."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outside import summary

# Threads of several workers would wait for each other; read when a learner's library is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Modules that take longest, for workers to begin with, so that none ends long after the others: first those
# that build what others read.
LONGEST = (
    "test_published_figures",
    "test_documentation",
    "test_any_shop",
    "test_warehouse",
    "test_recommendations",
    "test_gates",
    "test_command_line",
    "test_report",
    "test_your_data",
    "test_recipes",
    "test_only_what_is_so",
    "test_lifestyle_palette",
    "test_time_machine",
    "test_state",
    "test_made_files",
    "test_planted_drift",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let workers begin with the longest modules; alone, the quick unit tests come first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        places = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once of each reason how many tests were skipped for it."""
    skipped = [report.longrepr for report in terminalreporter.getreports("skipped")]
    for line in summary([reason for _, _, reason in skipped]):
        terminalreporter.write_line(line)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[float], Path]]:
    """Mount a disk of so many megabytes, which only root may."""
    mounted = []

    def mount(megabytes: float) -> Path:
        folder = tmp_path / f"disk {len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={int(megabytes * 1e6)}", "none", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)
