"""What `palette doctor` finds: each thing that can be wrong, and how the command ends."""

import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from typer.testing import CliRunner

from palette import cli, doctor
from palette.core.errors import MissingLibraryError

LINES = "order_id,product_id,customer_id,ordered_at,quantity,unit_price\n1,p,a,2024-01-01 10:00:00,1,2.5\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop whose files fit, no warehouse yet, and the heavy modules not imported."""
    shop = tmp_path / "data" / "kiosk"
    shop.mkdir(parents=True)
    (shop / "order_lines.csv").write_text(LINES)
    monkeypatch.setenv("PALETTE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PALETTE_DB", str(tmp_path / "warehouse" / "palette.duckdb"))
    monkeypatch.delenv("PALETTE_RETAILERS", raising=False)
    monkeypatch.delenv("PALETTE_ENGINE", raising=False)
    monkeypatch.setattr("palette.dbt_plugin.load_learners", lambda: None)
    return tmp_path


def found(what: str) -> list[tuple[str, str]]:
    return [(finding.state, finding.said) for finding in doctor.examine() if finding.what == what]


def test_a_machine_that_is_well_says_so(machine):
    done = CliRunner().invoke(cli.app, ["doctor"])
    assert done.exit_code == 0, done.output
    assert (
        f"Data: kiosk.order_lines: 1 rows of {machine / 'data' / 'kiosk' / 'order_lines.csv'}" in done.output
    )
    assert "All is well for a build: make build" in done.output
    assert {finding.what for finding in doctor.examine()} == set(doctor.CHECKS)


def test_what_is_wrong_is_marked_and_ends_with_an_error(machine):
    (machine / "data" / "kiosk" / "order_lines.csv").write_text(LINES.replace("2.5", "dear"))
    done = CliRunner().invoke(cli.app, ["doctor"])
    assert done.exit_code == 1
    assert "!!  Data: " in done.output
    assert "column unit_price" in done.output
    assert "1 thing to mend" in done.output


@pytest.mark.usefixtures("machine")
def test_a_library_that_is_missing_or_of_another_version_is_named(monkeypatch):
    def version(name: str) -> str:
        if name == "duckdb":
            raise PackageNotFoundError(name)
        return "1.10.0" if name == "dbt-core" else "999" if name == "holidays" else installed(name)

    installed = doctor.version
    monkeypatch.setattr(doctor, "version", version)
    ((state, said),) = found("Libraries")
    assert state == "error"
    assert "dbt-core is 1.10.0, where " in said
    assert "duckdb is missing" in said
    assert "holidays" not in said
    _, _, advice = said.rpartition(": .venv/bin/")
    # as `make` installs it: with dependencies, pip would add what the lock leaves out
    assert advice == "pip install --no-deps -r requirements.lock"
    makefile = (Path(__file__).parents[2] / "Makefile").read_text()
    assert advice in makefile.replace(" --quiet --disable-pip-version-check", "")


@pytest.mark.usefixtures("machine")
def test_a_library_of_the_system_that_is_missing_is_named(monkeypatch):
    def load() -> None:
        raise MissingLibraryError("libgomp.so.1: LightGBM needs it")

    monkeypatch.setattr("palette.dbt_plugin.load_learners", load)
    assert found("Libraries") == [("error", "libgomp.so.1: LightGBM needs it")]


def test_little_memory_and_a_full_disk_are_warnings(machine, monkeypatch):
    monkeypatch.setattr(doctor.os, "sysconf", lambda _: 1000)
    assert found("Machine")[0][0] == "warning"
    usage = shutil.disk_usage(machine)._replace(free=500_000_000)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage)
    ((state, said),) = found("Disk")
    assert state == "warning"
    assert said == f"0.5 GB are free at {machine}: 1.0 GB would be comfortable for 0.0 GB of files"


@pytest.mark.usefixtures("machine")
def test_memory_that_is_no_amount_is_an_error(monkeypatch):
    monkeypatch.setenv("PALETTE_MEMORY", "lots")
    assert found("Machine") == [
        ("error", "PALETTE_MEMORY is lots: has to be a number and a unit, such as 4GiB")
    ]


def test_a_folder_that_cannot_be_written_to_is_an_error(machine, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert found("Disk") == [
        ("error", f"{machine} cannot be written to: choose another place with PALETTE_DB")
    ]


def test_a_file_that_is_no_warehouse_is_an_error(machine):
    (machine / "warehouse").mkdir()
    (machine / "warehouse" / "palette.duckdb").write_text("no database")
    ((state, said),) = found("Warehouse")
    assert state == "error"
    assert "cannot be read" in said


@pytest.mark.usefixtures("machine")
def test_a_setting_that_cannot_be_used_is_named(monkeypatch, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("vars: {rfm_clusters: many}")
    monkeypatch.setattr(doctor, "project_folder", lambda: project)
    ((state, said),) = found("Settings")
    assert state == "error"
    assert "rfm_clusters" in said


@pytest.mark.usefixtures("machine")
def test_what_the_engine_lacks_is_an_error(monkeypatch):
    monkeypatch.setenv("PALETTE_ENGINE", "oracle")
    assert found("Engine") == [("error", "PALETTE_ENGINE is oracle: there are duckdb and spark")]
