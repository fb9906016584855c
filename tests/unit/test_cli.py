"""How commands end: in one message, whatever is in it, and never in a traceback."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from harm import held
from palette import assignment, cli
from palette.core.errors import InputError, MissingLibraryError
from palette.core.learned import LearnedError
from palette.overview import summary
from palette.recommendations.rules import RuleError

WRITE = """
import sys, time
from palette import cli, demo

def write(*_):
    print("begun", flush=True)
    time.sleep(60)

demo.RETAILERS["online_retail"] = write
cli.app(["demo", "--retailer", "online_retail", "--out", sys.argv[1]])
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def raising(error: BaseException) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DuckDB file with a table of somebody else's."""
    path = tmp_path / "palette.duckdb"
    monkeypatch.setenv("PALETTE_DB", str(path))
    monkeypatch.setenv("COLUMNS", "400")
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table theirs as select 1 as a")
    return path


COMMANDS = [("summary",), ("report",), ("assign", "newcomers.csv"), ("docs",)]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("foreign table", "not a warehouse of this version, run `make build` (Table with name"),
        ("no database", "cannot be read; look at the disk, or move the file away and run `make build`"),
        ("locked", "cannot be read; close whatever writes to it, or wait until it is done"),
    ],
)
def test_a_warehouse_that_cannot_be_read_is_named(
    warehouse: Path, command: tuple[str, ...], fault: str, problem: str
) -> None:
    if fault == "no database":
        warehouse.write_text("[/x] is no database")
    if fault == "locked":
        with held(warehouse):
            result = run(*command)
    else:
        result = run(*command)
    assert result.exit_code == 1
    assert f"Error: {warehouse}: {problem}" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_folder_that_vanished_is_named(warehouse: Path) -> None:
    shutil.rmtree(warehouse.parent)
    result = run("summary")
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: {warehouse}: no warehouse yet, run `make build`\n",
    )


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputError("column [/x]: '[bold]1'"), "column [/x]: '[bold]1'"),
        (InputError("value 'a\x1b[2Jb\x07'"), r"value 'a\x1b[2Jb\x07'"),
        (PermissionError(13, "Permission denied", "/there/[/x]"), "/there/[/x]: Permission denied"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (duckdb.IOException("IO Error: disk full"), "IO Error: disk full"),
    ],
)
def test_what_a_user_may_cause_is_one_message(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    monkeypatch.setattr(summary, "summarise", raising(error))
    result = run("summary")
    assert (result.exit_code, result.stderr) == (1, f"Error: {message}\n")


@pytest.mark.usefixtures("warehouse")
def test_an_error_of_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "summarise", raising(AssertionError("broken")))
    assert isinstance(run("summary").exception, AssertionError)


@pytest.mark.usefixtures("warehouse")
def test_an_interrupted_command_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assignment, "assign_groups", raising(KeyboardInterrupt()))
    result = run("assign", "newcomers.csv")
    assert (result.exit_code, result.stderr) == (130, "Interrupted\n")


def test_a_terminated_command_clears_what_it_began(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITE, str(tmp_path / "demo")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert len(list((tmp_path / "demo").iterdir())) == 1
    process.terminate()
    assert process.wait(30) == 143
    assert list((tmp_path / "demo").iterdir()) == []


@pytest.mark.usefixtures("warehouse")
def test_data_in_what_is_printed_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    table = summary.Table("[/x]")
    table.add_row("[/x] [bold]shop[/]")
    monkeypatch.setattr(summary, "summarise", lambda _: iter([table, "[/x] 3 clusters"]))
    result = run("summary")
    assert result.exit_code == 0
    for text in ("[/x] [bold]shop[/]", "[/x] 3 clusters"):
        assert text in result.stdout


@pytest.mark.parametrize("place", ["file/report.html", "folder/demo"])
def test_the_demo_names_a_place_that_cannot_be_written(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "demo").touch()
    result = run("demo", "--out", tmp_path / place, "--retailer", "online_retail", "--customers", "20")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path / place}: cannot be written to: ")


def test_an_unknown_command_is_named_as_typed() -> None:
    result = run("[/x]")
    assert result.exit_code == 2
    assert "[/x]" in result.stderr


@pytest.mark.usefixtures("warehouse")
def test_a_var_that_is_none_ends_in_its_message() -> None:
    done = run("learn", "cluster_fits", "--vars", "{rfm_cluster: 3}")
    assert done.stderr == "Error: unknown var 'rfm_cluster': did you mean 'rfm_clusters'?\n"
    assert done.exit_code == 1


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(
    "error",
    [
        MissingLibraryError("libgomp.so.1"),
        RuleError("rules.csv: no list"),
        LearnedError("palette of shop: is of version 3, not 4: build the warehouse anew"),
    ],
)
def test_what_a_model_cannot_use_ends_in_its_message(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("palette.python_models.learn", raising(error))
    done = run("learn")
    assert (done.exit_code, done.stderr) == (1, f"Error: {error}\n")


def test_a_build_whose_memory_is_no_amount_ends_before_it_begins(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALETTE_MEMORY", "lots")
    monkeypatch.setattr("palette.warehouse.dbt", raising(AssertionError("dbt was started")))
    monkeypatch.setattr("palette.warehouse.write_missing_demo", raising(AssertionError("a demo was written")))
    before = warehouse.read_bytes()
    done = run("build")
    assert (done.exit_code, done.stderr.partition(":")[0]) == (1, "Error")
    assert "PALETTE_MEMORY is lots" in done.stderr
    assert warehouse.read_bytes() == before


def test_a_warehouse_that_somebody_reads_cannot_be_written_to(warehouse: Path) -> None:
    with held(warehouse, read_only=True):
        said = run("learn", "cluster_fits").stderr
    assert "cannot be written to; close whatever has it open, or wait until it is done" in said
