"""Everything a reader meets in the lineage site is described."""

import copy
import json
import re
import shutil
from pathlib import Path

import pytest
from sandboxes import ROOT, Sandbox


@pytest.fixture(scope="module")
def manifest(omnichannel) -> dict:
    return json.loads((omnichannel.target / "manifest.json").read_text())


def undescribed(manifest: dict, columns: dict[str, list[str]]) -> list[str]:
    """Nodes, macros and columns without a description, and described columns that are not built."""
    own = [
        node
        for kind in ("nodes", "sources", "macros", "exposures", "unit_tests")
        for node in manifest[kind].values()
        if node["package_name"] == "palette" and node["resource_type"] not in ("test", "operation")
    ]
    missing = [node["name"] for node in own if not node["description"].strip()]
    for node in own:
        if node["resource_type"] not in ("model", "seed", "source"):
            continue
        declared = {name: column["description"].strip() for name, column in node["columns"].items()}
        is_raw = node["resource_type"] == "source"  # and may have the name of a mart
        built = list(declared) if is_raw else columns.get(node["name"], list(declared))
        missing += [f"{node['name']}.{name}" for name in {*built, *declared} if not declared.get(name)]
        missing += [f"{node['name']}.{name} is not built" for name in declared if name not in built]
    return missing


def test_everything_is_described(manifest, omnichannel):
    assert undescribed(manifest, omnichannel.columns()) == []


def test_a_column_without_a_description_is_found(manifest, omnichannel):
    broken = copy.deepcopy(manifest)
    del broken["nodes"]["model.palette.customers"]["columns"]["revenue"]
    broken["macros"]["macro.palette.quintile"]["description"] = ""
    assert undescribed(broken, omnichannel.columns()) == ["quintile", "customers.revenue"]


def test_every_sql_mart_has_a_contract_and_a_unit_test(manifest):
    marts = [
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["original_file_path"].startswith("models/marts/")
    ]
    tested = {parent for test in manifest["unit_tests"].values() for parent in test["depends_on"]["nodes"]}
    assert len(marts) > 15
    assert [mart for mart in marts if not manifest["nodes"][mart]["config"]["contract"]["enforced"]] == []
    # Their rows come from Python: tests/unit/quality, core/test_retailers.py and test_withholding.py there.
    assert {mart for mart in marts if mart not in tested} == {
        "model.palette.quality_results",
        "model.palette.retailers",
        "model.palette.withheld",
    }


def test_what_shops_may_read_is_public_and_everything_is_of_a_group(manifest):
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert {node["name"] for node in models if node["schema"] == "main"} == {
        node["name"] for node in models if node["access"] == "public"
    }
    assert [node["name"] for node in models if not node["group"]] == []
    owned = {node["group"] for node in models}
    assert owned == {group["name"] for group in manifest["groups"].values()}


def unread(manifest: dict) -> set[str]:
    """Public marts that no exposure, metric or other model reads; quality looks at all and is no reader."""
    readers = {
        name
        for kind in ("nodes", "exposures", "semantic_models")
        for name, node in manifest[kind].items()
        if node["resource_type"] in ("model", "exposure", "semantic_model")
        and not node["name"].startswith("quality_")
    }
    return {
        node["name"]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["access"] == "public"
        if readers.isdisjoint(manifest["child_map"][name])
    }


def test_every_mart_has_a_reader(manifest):
    assert unread(manifest) == set()


def test_a_mart_that_nobody_reads_is_found(manifest):
    broken = manifest | {"child_map": manifest["child_map"] | {"model.palette.returns": []}}
    assert unread(broken) == {"returns"}


def test_a_page_asks_a_question_of_every_mart(manifest):
    page = (ROOT / "docs/marts.md").read_text()
    marts = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and node["schema"] == "main"
    }
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(marts)


def test_the_readme_names_marts_that_are_there_and_is_short(manifest):
    readme = (ROOT / "README.md").read_text()
    named = re.findall(r"`(\w+)`", readme.partition("## The marts by question")[2].partition("\n## ")[0])
    assert len(named) > 30
    assert {f"model.palette.{name}" for name in named if name != "main"} <= manifest["nodes"].keys()
    assert len(readme.splitlines()) < 150


def test_the_readme_shows_the_two_commands():
    readme = (ROOT / "README.md").read_text()
    assert "make build" in readme
    assert "make test" in readme


@pytest.mark.parametrize(
    "page", ["README.md", "docs/recommendations.md", "docs/forecasts.md", "models/_overview.md"]
)
def test_every_query_of_a_page_gives_rows(omnichannel, page):
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert queries
    assert [query for query in queries if omnichannel.query(query).empty] == []


def test_the_overview_links_to_what_is_there(manifest):
    linked = re.findall(r"#!/\w+/([\w.]+)", (ROOT / "models/_overview.md").read_text())
    assert len(linked) > 10
    assert set(linked) <= manifest["nodes"].keys() | manifest["exposures"].keys()


def entities(sandbox: Sandbox, target: Path, out: Path) -> str:
    """The diagram of the marts that dbterd draws of the manifest in a target folder."""
    run = sandbox.run("python", ROOT / "docs/entities.py", target, out)
    assert run.code == 0, run.output
    return out.read_text()


def test_the_diagram_of_the_marts_is_up_to_date(omnichannel, tmp_path):
    drawn = entities(omnichannel, omnichannel.target, tmp_path / "entities.md")
    assert drawn == (ROOT / "docs/entities.md").read_text(), "`make entities` draws docs/entities.md anew"


def test_a_reference_that_is_no_longer_there_changes_the_diagram(manifest, omnichannel, tmp_path):
    reference = '"orders" }o--|| "dates": "ordered_on=date_day"'
    broken = copy.deepcopy(manifest)
    broken["nodes"] = {
        name: node for name, node in manifest["nodes"].items() if "date_day__ref_dates" not in name
    }
    (tmp_path / "manifest.json").write_text(json.dumps(broken))
    assert reference in (ROOT / "docs/entities.md").read_text()  # which is up to date
    assert reference not in entities(omnichannel, tmp_path, tmp_path / "broken.md")


def test_no_file_names_a_package_registry():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert all("==" in line for line in lock.splitlines())


def test_the_lineage_site_is_built(omnichannel, tmp_path):
    place = Sandbox(tmp_path, omnichannel.data, retailers=omnichannel.retailers).leave_landed(omnichannel)
    shutil.copy(omnichannel.warehouse, place.warehouse)  # which dbt locks
    run = place.palette("docs")
    assert run.code == 0, run.output
    assert "dbt docs serve" in run.output
    catalog = json.loads((place.target / "catalog.json").read_text())
    assert "model.palette.customer_360" in catalog["nodes"]
    assert (place.target / "index.html").is_file()
