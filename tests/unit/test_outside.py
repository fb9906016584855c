"""A bare clone is green, and says what it could not test; where the files are said to be there, it is not."""

import pytest

from outside import VARIABLE, outside, summary


def test_without_the_file_a_test_is_skipped(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"real\.parquet"):
        outside(tmp_path / "real.parquet")


def test_a_file_that_should_be_there_and_is_not_fails_the_test(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"real\.parquet"):
        outside(tmp_path / "real.parquet")


def test_the_file_that_is_there_is_given(tmp_path):
    (tmp_path / "real.parquet").touch()
    assert outside(tmp_path / "real.parquet") == tmp_path / "real.parquet"


def test_one_line_says_which_files_were_missed(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    reasons = ["Skipped: no Chromium"]
    for name in ("b.csv", "a.csv", "b.csv"):
        with pytest.raises(pytest.skip.Exception) as skipped:
            outside(tmp_path / name)
        reasons.append(f"Skipped: {skipped.value}")
    other, line = summary(reasons)
    assert other == "Skipped 1: no Chromium"
    assert line.startswith("Skipped 3: files outside the project are not there (a.csv, b.csv).")
    assert VARIABLE in line


def test_nothing_is_said_where_nothing_was_skipped():
    assert summary([]) == []
