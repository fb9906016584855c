"""Throw-away warehouses that several tests read, and places for those that build their own."""

import os
from pathlib import Path

import pytest
from sandboxes import REAL_DATA, Sandbox, copy_of_project

from palette.demo import write_demo


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo shop: its files are data/demo's, with fewer customers."""
    folder = tmp_path_factory.mktemp("demo data")
    write_demo(folder, ["online_retail"], customers=200)
    return folder


@pytest.fixture(scope="session")
def demo(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The small demo shop, built by a plain `dbt build`; tests only read it."""
    return Sandbox(tmp_path_factory.mktemp("demo"), demo_data).build()


@pytest.fixture(scope="session")
def omnichannel(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Both demo retailers in their default size, built by a plain `dbt build`; tests only read it."""
    folder = tmp_path_factory.mktemp("omnichannel data")
    write_demo(folder)
    return Sandbox(tmp_path_factory.mktemp("omnichannel"), folder, retailers="online_retail,lpoint").build()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The real Online Retail file, built by a plain `dbt build`; tests only read it."""
    if not REAL_DATA.is_dir():
        message = f"{REAL_DATA} is not there: it holds the real file the published figures are checked on"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return Sandbox(tmp_path_factory.mktemp("real"), REAL_DATA).build()


@pytest.fixture
def sandbox(demo_data: Path, tmp_path: Path) -> Sandbox:
    """A place for a test to build the demo shop, or to fail to."""
    return Sandbox(tmp_path, demo_data)


@pytest.fixture
def broken_project(demo_data: Path, tmp_path: Path) -> Sandbox:
    """A place with a copy of the project that a test may break."""
    return Sandbox(tmp_path, demo_data, copy_of_project(tmp_path / "project"))
