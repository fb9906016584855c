"""Another project may read the public marts, and nothing else of ours."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sandboxes import Sandbox

from projects import ROOT, copy_of_project


@pytest.fixture
def theirs(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    """A project of somebody else's, with ours as a package."""
    ours, project = copy_of_project(tmp_path / "ours"), tmp_path / "theirs"
    (project / "models").mkdir(parents=True)
    shutil.copy(ROOT / "profiles.yml", project)
    (project / "dbt_project.yml").write_text(
        "{name: theirs, version: '1.0', profile: palette, flags: {send_anonymous_usage_stats: false}}"
    )
    (project / "packages.yml").write_text(f"packages: [{{local: {ours}}}]")
    place = replace(sandbox, project=project)
    assert place.dbt("deps").code == 0
    return place


@pytest.mark.parametrize(
    ("model", "refused"),
    [("order_lines", ""), ("int_order_lines__checked", "protected to the 'palette' package")],
)
def test_a_package_is_read_by_its_public_marts(theirs: Sandbox, model: str, refused: str) -> None:
    (theirs.project / "models" / "read.sql").write_text(f"select * from {{{{ ref('palette', '{model}') }}}}")
    run = theirs.dbt("parse")
    assert (run.code, refused in run.output) == (int(bool(refused)), True), run.output
