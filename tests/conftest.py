"""How the tests share a machine."""

import os

import pytest

# Threads of several workers would wait for each other; read when a learner's library is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Modules that take minutes, for workers to begin with: first those that build what others read.
LONGEST = (
    "test_published_figures",
    "test_documentation",
    "test_lifestyle_palette",
    "test_warehouse",
    "test_recommendations",
    "test_any_shop",
    "test_gates",
    "test_report",
    "test_only_what_is_so",
    "test_command_line",
    "test_your_data",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let workers begin with the longest modules; alone, the quick unit tests come first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        places = {name: place for place, name in enumerate(LONGEST)}
        items.sort(key=lambda item: places.get(item.path.stem, len(places)))
