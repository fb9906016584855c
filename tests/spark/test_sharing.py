"""Landed files are put where workers see them, through Hadoop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sparks", exc_type=ImportError)

from dbt.adapters.palette_spark.session import stop
from palette.core.errors import InputError
from palette.engine.sharing import shared
from sparks import session_on


@pytest.fixture(scope="module", autouse=True)
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    session_on(tmp_path_factory.mktemp("warehouse"))
    yield
    stop()


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    file = tmp_path / "shop.order_lines.1a2b.parquet"
    file.write_bytes(b"lines")
    return file


def test_a_file_is_copied_once_and_whole(
    landed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "seen by all"
    monkeypatch.setenv("PALETTE_LANDING", f"file://{place}")
    found = shared(landed)
    copy = place / landed.name
    assert found.endswith(f"/{landed.name}")
    assert copy.read_bytes() == b"lines"
    copy.write_bytes(b"as it was")
    assert shared(landed) == found
    assert copy.read_bytes() == b"as it was"
    assert [file.name for file in place.iterdir() if not file.name.endswith(".crc")] == [landed.name]


def test_without_another_place_it_stays(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PALETTE_LANDING", raising=False)
    assert shared(landed) == str(landed)


@pytest.mark.parametrize("place", ["nosuch://host/landing", "file:///proc/landing"])
def test_a_place_that_cannot_be_written_to_is_named(
    landed: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("PALETTE_LANDING", place)
    with pytest.raises(InputError, match=rf"PALETTE_LANDING: {place}: cannot be written to \("):
        shared(landed)
