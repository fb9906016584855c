"""dbt-bouncer finds what breaks a convention; `make lint` runs it on the project as it is."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from sandboxes import BIN, ROOT, Parsing, parsed


@pytest.mark.parametrize(
    ("model", "change", "check"),
    [
        ("customers", {"access": "protected"}, "check_model_access"),
        ("customers", {"description": ""}, "check_model_description_populated"),
        ("customers", {"name": "stg_customers"}, "check_model_names"),
        ("int_months", {"name": "months"}, "check_model_names"),
    ],
)
def test_a_broken_convention_is_found(tmp_path: Path, model, change, check):
    assert parsed()
    assert Parsing.folder
    manifest = json.loads((Parsing.folder / "manifest.json").read_text())
    manifest["nodes"][f"model.palette.{model}"] |= change
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    config = yaml.safe_load((ROOT / "dbt-bouncer.yml").read_text()) | {"dbt_artifacts_dir": str(tmp_path)}
    (tmp_path / "dbt-bouncer.yml").write_text(yaml.safe_dump(config))
    run = subprocess.run(
        [BIN / "dbt-bouncer", "run", "--config-file", tmp_path / "dbt-bouncer.yml", "--check", check],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert check in run.stdout
