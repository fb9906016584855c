import csv
import multiprocessing
import os
import signal
import stat
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palette.core.errors import InputError
from palette.core.writing import UNFINISHED, unfinished, write_csv, write_whole

STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def write_and_die(place: Path) -> None:
    """Begin to write, and be killed amid it."""
    with unfinished(place.parent) as scratch:
        (scratch / place.name).write_text("C-1001 Ann")
        os.kill(os.getpid(), signal.SIGKILL)


class TestWriteWhole:
    def test_an_earlier_file_is_replaced_and_nothing_else_is_left(self, tmp_path: Path) -> None:
        place = tmp_path / "new" / "report.html"
        for text in ("earlier", "소매\r\n"):
            write_whole(place, text)
        assert place.read_bytes() == "소매\r\n".encode()
        assert list(place.parent.iterdir()) == [place]

    def test_permissions_are_those_of_any_new_file(self, tmp_path: Path) -> None:
        before = os.umask(0o027)
        try:
            write_whole(tmp_path / "report.html", "x")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o640

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link.html").symlink_to(tmp_path / "report.html")
        write_whole(tmp_path / "link.html", "x")
        assert (tmp_path / "link.html").is_symlink()
        assert (tmp_path / "report.html").read_text() == "x"

    @pytest.mark.parametrize("place", ["file/report.html", "folder", "/dev/null"])
    def test_a_place_that_cannot_be_written_is_named(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "folder").mkdir()
        with pytest.raises(InputError, match=f"^{(tmp_path / place).parent}"):
            write_whole(tmp_path / place, "x")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]

    def test_a_full_disk_leaves_the_earlier_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        place = tmp_path / "report.html"
        write_whole(place, "earlier")
        monkeypatch.setattr(Path, "write_text", full)
        with pytest.raises(InputError, match=f"^{tmp_path}: cannot be written to: No space left on device$"):
            write_whole(place, "x")
        assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]


class TestUnfinished:
    def test_what_a_killed_process_left_goes_with_the_next_one(self, tmp_path: Path) -> None:
        process = multiprocessing.get_context("fork").Process(
            target=write_and_die, args=(tmp_path / "report.html",)
        )
        process.start()
        process.join(30)
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(UNFINISHED)
        assert stat.S_IMODE(left.stat().st_mode) == 0o700
        write_whole(tmp_path / "other.html", "x")
        assert [path.name for path in tmp_path.iterdir()] == ["other.html"]

    def test_what_another_one_is_writing_stays(self, tmp_path: Path) -> None:
        with unfinished(tmp_path) as one:
            (one / "a").touch()
            with unfinished(tmp_path) as two:
                assert one != two
            assert (one / "a").exists()
        assert list(tmp_path.iterdir()) == []

    def test_an_error_leaves_nothing(self, tmp_path: Path) -> None:
        def interrupted() -> None:
            with unfinished(tmp_path) as scratch:
                (scratch / "a").touch()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert list(tmp_path.iterdir()) == []


class TestWriteCsv:
    def test_what_a_spreadsheet_would_run_is_text(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            {
                "customer_id": ["=HYPERLINK(1)", 'a,"b"', "ok"],
                "+name": ["-2", None, "a;=1"],
                "spent": [-1.5, 2.0, None],
                "orders": [-1, 0, 3],
            }
        )
        write_csv(frame, tmp_path / "a.csv")
        assert (tmp_path / "a.csv").read_text() == (
            '"customer_id","\'+name","spent","orders"\n'
            '"\'=HYPERLINK(1)","\'-2",-1.5,-1\n'
            '"a,""b""","",2.0,0\n'
            '"ok","a;=1","",3\n'
        )

    @given(st.lists(st.tuples(st.text(), st.integers()), min_size=1))
    def test_no_cell_begins_like_a_formula_and_nothing_is_lost(
        self, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
    ) -> None:
        path = tmp_path_factory.mktemp("csv") / "a.csv"
        write_csv(pd.DataFrame(rows, columns=["text", "number"]), path)
        _, *read = cells(path)
        for (text, number), (written, figure) in zip(rows, read, strict=True):
            assert not written.startswith(tuple(STARTS))
            assert written == (f"'{text}" if text.startswith(tuple(STARTS)) else text)
            assert figure == str(number)
