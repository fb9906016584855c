"""What stops a build on DuckDB stops one on Spark, in the same words."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sparks", exc_type=ImportError)

from projects import ROOT, copy_of_project

LINES = "order_id,customer_id,ordered_at,product_id,quantity,unit_price\n" + "".join(
    f"{number},c{number % 3},2025-01-{number:02} 10:00,p{number % 4},{number % 2 + 1},2.50\n"
    for number in range(1, 29)
)


def refused(
    engine: str, lines: str, declaration: str, folder: Path, *select: str, project: Path = ROOT
) -> list[str]:
    """Build a shop on an engine, which has to fail; returns what was printed, without times and paths."""
    shop = folder / "data" / "shop"
    shop.mkdir(parents=True, exist_ok=True)
    (shop / "lines.csv").write_text(lines)
    (shop / "retailer.yml").write_text(f"form: orders\n{declaration}")
    environment = {
        "PALETTE_ENGINE": engine,
        "PALETTE_SPARK_MASTER": "local[2]",
        "PALETTE_DATA": str(folder / "data"),
        "PALETTE_RETAILERS": "",
        "PALETTE_DB": str(folder / engine),
        "DBT_TARGET_PATH": str(folder / f"target_{engine}"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_USE_COLORS": "0",
    }
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--exclude-resource-type", "unit_test"]
    done = subprocess.run(
        [*command, *select],
        cwd=project,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0, done.stdout
    return [re.sub(r"^\d\d:\d\d:\d\d +", "", line).strip() for line in done.stdout.splitlines()]


def test_a_value_that_cannot_be_read_stops_both(tmp_path: Path) -> None:
    broken = LINES.replace("p3,2,", "p3,two,", 1)
    assert broken != LINES
    here, there = (
        refused(engine, broken, "", tmp_path, "--select", "retailers") for engine in ("duckdb", "spark")
    )
    (said,) = {line for line in here if "lines.csv" in line}
    assert "row 3" in said
    assert "'two'" in said
    assert said in there


def test_a_failed_critical_expectation_stops_both(tmp_path: Path) -> None:
    """A shop whose steps let returns through; the gate stands behind the suite of `core` here."""
    project = copy_of_project(tmp_path / "project")
    suite = project / "python_models/quality/quality_core.yml"
    gated = "    data_tests:\n      - no_critical_failures\n"
    assert gated in (project / "models/marts/quality/quality_results.yml").read_text()
    suite.write_text(suite.read_text().replace("    columns:\n", f"{gated}    columns:\n", 1))
    steps = "cleaning_steps: [{rule: missing_customer}]\n"
    returned = LINES.replace("p3,2,", "p3,-2,", 1)
    here, there = (
        refused(engine, returned, steps, tmp_path, "--select", "+quality_core", project=project)
        for engine in ("duckdb", "spark")
    )
    critical = [line for line in here if "CRITICAL" in line]
    assert any("core.order_lines" in line and "(quantity)" in line for line in critical), here
    assert [line for line in there if "CRITICAL" in line] == critical
