"""Landed files go to a folder of each test's own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def landed(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that files are landed in."""
    target = tmp_path_factory.mktemp("target")
    monkeypatch.setenv("DBT_TARGET_PATH", str(target))
    return target / "landing"
