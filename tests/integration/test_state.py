"""What changed since an earlier state of the project is found: what to build, and what readers would miss."""

import datetime
import json
import re
import runpy
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from sandboxes import BIN, ROOT, Parsing, Sandbox, parsed

from projects import copy_of_project

broken = runpy.run_path(str(ROOT / "docs" / "contracts.py"))["broken"]
MATRIX = Path("models", "marts", "value", "value_risk_matrix.sql")


def test_what_changed_and_what_reads_it_is_selected(sandbox: Sandbox, tmp_path):
    project = copy_of_project(tmp_path / "project")
    assert parsed()
    assert Parsing.folder
    state = tmp_path / "nightly"
    state.mkdir()
    shutil.copy(Parsing.folder / "manifest.json", state)
    mart = project / MATRIX
    select = (
        "ls",
        "--resource-type",
        "model",
        "--select",
        "state:modified+",
        "--state",
        str(state),
        "--quiet",
    )
    changed = replace(sandbox, project=project)
    before = changed.dbt(*select)
    assert "palette." not in before.output
    mart.write_text(mart.read_text().replace("as customer_share", "+ 0 as customer_share"))
    after = changed.dbt(*select)
    assert {line for line in after.output.splitlines() if line.startswith("palette.")} == {
        "palette.marts.value.value_risk_matrix"
    }


def test_a_change_is_tried_on_a_copy_of_the_warehouse_as_the_page_says(demo: Sandbox, tmp_path):
    """Of a mart that reads a view: views name the catalog, which is the file's name."""
    place = replace(demo, folder=tmp_path, project=copy_of_project(tmp_path / "project"))
    (place.project / "warehouse").mkdir()
    shutil.copy(demo.warehouse, place.project / "warehouse")
    shutil.copytree(demo.target, place.project / "target")
    place.leave_parsed(tmp_path / "mine" / "palette.duckdb", target=place.project / "target")
    mart = place.project / "models/marts/core/cleaning_waterfall.sql"
    mart.write_text(f"{mart.read_text()}-- changed\n")

    page = (ROOT / "docs" / "operations.md").read_text().partition("## Only what changed")[2]
    (commands,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace("/tmp/", f"{tmp_path}/")],
        cwd=place.project,
        env=place.environment() | {"DBT_TARGET_PATH": "target", "PATH": f"{BIN}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OK created sql table model main.cleaning_waterfall" in done.stdout, done.stdout
    assert done.returncode == 0, done.stdout


def missed(changed: Sandbox) -> list[str]:
    """What readers of the marts would miss, by dbt's manifests."""
    assert changed.dbt("parse", artefacts=True).code == 0
    assert Parsing.folder
    before, now = (
        json.loads((folder / "manifest.json").read_text()) for folder in (Parsing.folder, changed.target)
    )
    return list(broken(before, now, datetime.date(2026, 11, 29)))


def test_a_column_that_goes_is_missed_unless_a_version_keeps_it(demo: Sandbox, sandbox: Sandbox, tmp_path):
    """By the recipe of CONTRIBUTING.md."""
    assert parsed()
    project = copy_of_project(tmp_path / "project")
    changed = replace(sandbox, data=demo.data, project=project)
    mart = project / MATRIX
    properties = mart.with_suffix(".yml")
    before, described = mart.read_text(), properties.read_text()
    mart.write_text(before.replace("customer_share", "share_of_customers"))
    properties.write_text(described.replace("customer_share", "share_of_customers"))
    assert missed(changed) == ["main.value_risk_matrix.customer_share is gone"]

    recipe = (ROOT / "CONTRIBUTING.md").read_text().partition("## Change a column")[2].partition("\n## ")[0]
    (versions,) = re.findall(r"```yaml\n(.*?)```", recipe, re.DOTALL)
    mart.rename(mart.with_stem("value_risk_matrix_v2"))
    mart.with_stem("value_risk_matrix_v1").write_text(before)
    properties.write_text(
        properties.read_text()
        .replace("  - name: value_risk_matrix\n", f"  - name: value_risk_matrix\n{versions}")
        .replace(
            "    model: value_risk_matrix\n", "    model: value_risk_matrix\n    versions: {include: [2]}\n"
        )
    )
    assert missed(changed) == []
    shutil.copy(demo.warehouse, changed.warehouse)
    run = changed.dbt("build", "--select", "value_risk_matrix")
    assert run.code == 0, run.output
    old, new = (changed.query(f"from value_risk_matrix{version} order by all") for version in ("", "_v2"))
    assert old.rename(columns={"customer_share": "share_of_customers"})[new.columns].equals(new)
    assert len(old)
