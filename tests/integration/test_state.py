"""dbt finds what changed since an earlier state of the project, as docs/operations.md says."""

import shutil
from dataclasses import replace

from sandboxes import Parsing, Sandbox, copy_of_project, parsed


def test_what_changed_and_what_reads_it_is_selected(sandbox: Sandbox, tmp_path):
    project = copy_of_project(tmp_path / "project")
    assert parsed()
    assert Parsing.folder
    state = tmp_path / "nightly"
    state.mkdir()
    shutil.copy(Parsing.folder / "manifest.json", state)
    mart = project / "models" / "marts" / "value" / "value_risk_matrix.sql"
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
