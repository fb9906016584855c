"""Throw-away warehouses that several tests read, and places for those that build their own."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from sandboxes import DEMO_DAY, DEMO_FILE, ONE_FOLD, Parsing, Sandbox, us_date

from harm import held
from outside import DATA, ONLINE_RETAIL, outside
from palette.demo import write_demo
from projects import copy_of_project

Fill = Callable[[Path], object]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Fill], Path]:
    """Give the folder of a name, filled by the first worker that asks for it while the others wait."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def filled(name: str, fill: Fill) -> Path:
        folder, done = root / name, root / f"{name}.done"
        with FileLock(root / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return filled


def only_read(place: Sandbox) -> Iterator[Sandbox]:
    """Give a warehouse that nobody can write to meanwhile: another worker may be reading it."""
    with held(place.warehouse, read_only=True):
        yield place


@pytest.fixture(scope="session", autouse=True)
def one_parse(shared: Callable[[str, Fill], Path]) -> None:
    """Let the workers read what the first of them parsed."""
    Parsing.folder = shared("parsed", lambda _: None)


@pytest.fixture(scope="session")
def longer_demo(shared: Callable[[str, Fill], Path]) -> Path:
    """The file of a small demo shop: data/demo's, with fewer customers."""
    data = shared("longer demo", lambda folder: write_demo(folder, ["online_retail"], customers=200))
    return data / DEMO_FILE


@pytest.fixture(scope="session")
def demo_data(longer_demo: Path, shared: Callable[[str, Fill], Path]) -> Path:
    """The small demo shop as its files were on the day `DEMO_DAY`."""

    def cut(folder: Path) -> None:
        header, *lines = longer_demo.read_text("latin-1").splitlines()
        kept = [line for line in lines if us_date(line) <= DEMO_DAY]
        assert 0 < len(kept) < len(lines)
        (folder / DEMO_FILE).parent.mkdir()
        (folder / DEMO_FILE).write_text("\n".join([header, *kept, ""]), "latin-1")

    return shared("demo data", cut)


@pytest.fixture(scope="session")
def demo(demo_data: Path, shared: Callable[[str, Fill], Path]) -> Iterator[Sandbox]:
    """The small demo shop, judged on one past window; tests only read it."""
    folder = shared("demo", lambda folder: Sandbox(folder, demo_data).build(*ONE_FOLD, artefacts=True))
    yield from only_read(Sandbox(folder, demo_data))


@pytest.fixture(scope="session")
def omnichannel(demo_data: Path, shared: Callable[[str, Fill], Path]) -> Iterator[Sandbox]:
    """The demo's omnichannel retailer in its default size and the small demo shop; tests only read them.

    They are built by `dbt build`, of which the unit tests are part, and judged on one past window.
    """

    def write(folder: Path) -> None:
        write_demo(folder, ["lpoint"])
        shutil.copytree(demo_data / "online_retail", folder / "online_retail")

    data = shared("omnichannel data", write)

    def place(folder: Path) -> Sandbox:
        return Sandbox(folder, data, retailers="online_retail,lpoint")

    def build(folder: Path) -> None:
        run = place(folder).dbt("build", *ONE_FOLD, artefacts=True)
        assert run.code == 0, run.output

    yield from only_read(place(shared("omnichannel", build)))


@pytest.fixture(scope="session")
def real(shared: Callable[[str, Fill], Path]) -> Iterator[Sandbox]:
    """The real Online Retail file, built with every setting as it is by default; tests only read it."""
    outside(ONLINE_RETAIL)
    yield from only_read(Sandbox(shared("real", lambda folder: Sandbox(folder, DATA).build()), DATA))


@pytest.fixture
def sandbox(demo_data: Path, tmp_path: Path) -> Sandbox:
    """A place for a test to build the demo shop, or to fail to."""
    return Sandbox(tmp_path, demo_data)


@pytest.fixture
def broken_project(demo_data: Path, tmp_path: Path) -> Sandbox:
    """A place with a copy of the project that a test may break."""
    return Sandbox(tmp_path, demo_data, copy_of_project(tmp_path / "project"))
