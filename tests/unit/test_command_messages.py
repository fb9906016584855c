"""What the commands say of folders they cannot write to, and of names that look like markup."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from palette.cli import app


def said(*command: object) -> str:
    run = CliRunner().invoke(app, [str(each) for each in command])
    assert run.exit_code == 1
    return " ".join(run.output.split())


@pytest.mark.parametrize(
    "command",
    [
        ("demo", "--out"),
        ("add", "shop", "--yes", "--from", "postgresql://nowhere/db", "--table", "lines", "--data"),
    ],
    ids=["demo", "add from a database"],
)
def test_a_folder_below_a_file(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "file"
    file.touch()
    message = said(*command, file / "data")
    assert message.startswith("Error: ")
    assert "Not a directory" in message
    assert str(file / "data") in message


def test_brackets_in_a_name_are_no_markup(tmp_path: Path) -> None:
    file = tmp_path / "[bold] [/x].csv"
    assert said("add", "shop", file, "--yes", "--data", tmp_path) == f"Error: {file}: no such file"
