"""The recipes of CONTRIBUTING.md name every file that the usual changes touch.

A copy of the project gets one thing of each kind, in the places that the recipes name and in no others, and
builds a shop with them. The recipe of a form is followed in test_your_data.py, that of a changed column in
test_state.py.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sandboxes import BIN, ROOT, Run, Sandbox

from palette.demo import write_demo
from projects import copy_of_project

MART = """\
with

    order_lines as (select * from {{ ref('order_lines') }}),

    busy_days as (
        select
            retailer,
            cast(ordered_at as date) as date_day,
            cast(count(*) as {{ dbt.type_bigint() }}) as lines
        from order_lines
        group by retailer, cast(ordered_at as date)
        having count(*) >= {{ var('busy_from_lines') }}
    )

select *
from busy_days
"""
PROPERTIES = """\
version: 2

models:
  - name: busy_days
    description: One row per retailer and day with many lines.
    data_tests:
      - unique_combination:
          arguments:
            columns: [retailer, date_day]
    columns:
      - {name: retailer, data_type: string, description: "{{ doc('retailer') }}"}
      - {name: date_day, data_type: date, description: The day.}
      - {name: lines, data_type: bigint, description: Its lines.}

unit_tests:
  - name: a_day_with_enough_lines_is_busy
    model: busy_days
    overrides: {vars: {busy_from_lines: 2}}
    given:
      - input: ref('order_lines')
        rows:
          - {retailer: shop, ordered_at: 2025-01-01 10:00:00}
          - {retailer: shop, ordered_at: 2025-01-01 11:00:00}
          - {retailer: shop, ordered_at: 2025-01-02 10:00:00}
    expect:
      rows:
        - {retailer: shop, date_day: 2025-01-01, lines: 2}
"""
SECTION = '''\
"""How many days were busy."""

from palette.report.marts import Marts
from palette.report.sections.common import Section
from palette.report.words import Words


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    days = marts("busy_days")
    return Section("busy", words("busy.title"), words("busy.sentence", days=len(days)), [])
'''
WORDS = """\
busy:
  title: {en: Busy days, ko: 바쁜 날}
  sentence: {en: "{days} days were busy.", ko: "바쁜 날 {days}일."}
"""
OFFERS, MODELS = "src/palette/recommendations/offers.py", "src/palette/recommendations/models.py"
LISTS, NAMES = (f"seeds/recommendations/recommendation_{kind}_names.csv" for kind in ("list", "model"))
SECTIONS, TEXTS = "src/palette/report/sections/__init__.py", "src/palette/report/words.yml"
PROJECT, SETTINGS = "dbt_project.yml", "src/palette/core/settings.py"
# recipe -> file -> what is put into it, before a line that is there, or at its end
RECIPES = {
    "list": {
        LISTS: ("", "kept,10,Kept,보관,What is kept.\n"),
        OFFERS: ('    Offer("push"', '    Offer("kept", _buyers, _sold),\n'),
    },
    "model": {
        NAMES: ("", "own_lately,baseline,false,Own purchases lately,본인 최근 구매\n"),
        MODELS: ("        OwnThenPopular(),", '        OwnFrequency("own_lately", weighting="recent"),\n'),
    },
    "setting": {
        PROJECT: ("  value_folds: 3", "  busy_from_lines: 20\n"),
        SETTINGS: (
            "    value_folds: int",
            '    busy_from_lines: int = Field(20, ge=1, description="lines of a busy day, 1 or more")\n',
        ),
    },
    "mart": {
        "models/marts/sales/busy_days.sql": ("", MART),
        "models/marts/sales/busy_days.yml": ("", PROPERTIES),
    },
    "report section": {
        "src/palette/report/sections/busy.py": ("", SECTION),
        SECTIONS: ("    changes,\n    cleaning", "    busy,\n"),
        TEXTS: ("", WORDS),
    },
}


def follow(recipe: str, project: Path) -> None:
    """Do in a copy of the project what a recipe says."""
    for name, (there, added) in RECIPES[recipe].items():
        file = project / name
        before = file.read_text() if file.exists() else ""
        assert not there or before.count(there) == 1, name
        at = before.index(there) if there else len(before)
        file.write_text(before[:at] + added + before[at:])
    if recipe == "report section":  # its place among the others
        file = project / SECTIONS
        file.write_text(file.read_text().replace("SECTIONS = (\n", "SECTIONS = (\n    busy,\n"))


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, Run]:
    """A warehouse of the changed project, and what its build printed; tests only read it."""
    folder = tmp_path_factory.mktemp("recipes")
    project = copy_of_project(folder / "project")
    for part in ("src", "docs"):
        shutil.copytree(ROOT / part, project / part)
    for recipe in RECIPES:
        follow(recipe, project)
    write_demo(folder / "data", ["online_retail"], customers=60)
    place = Sandbox(folder, folder / "data", project)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project / "src"))
        variables = "{recommendation_folds: 1, busy_from_lines: 3}"
        return place, place.run("palette", "build", "--vars", variables)


def test_a_recipe_names_every_file_that_the_change_touches():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    for recipe, files in RECIPES.items():
        steps = re.split(rf"^## Add an? {recipe}$", page, flags=re.MULTILINE)[1].partition("\n## ")[0]
        for file in files:
            general = re.sub(r"(marts/)sales/busy_days|(sections/)busy", r"\1\2<>", file)
            assert f"`{general}`" in re.sub(r"<domain>/<mart>|<section>", "<>", steps), f"{recipe}: {file}"


def test_a_list_is_made_judged_and_titled(changed):
    place, run = changed
    assert run.code == 0, run.output
    assert place.query("select count(*) from recommendations where list_name = 'kept'").iloc[0, 0] > 0
    judged = place.query("from recommendation_metrics where list_name = 'kept'")
    assert {"hybrid", "popularity"} <= set(judged["model"])


def test_a_model_is_judged_on_every_list(changed):
    place, _ = changed
    judged = place.query("select distinct list_name from recommendation_metrics where model = 'own_lately'")
    lists = place.query("select distinct list_name from recommendation_metrics where model = 'popularity'")
    assert set(judged["list_name"]) == set(lists["list_name"]) >= {"kept", "next"}


def test_a_mart_follows_its_setting(changed):
    place, _ = changed
    busy = place.query("from busy_days")
    assert len(busy)
    assert busy["lines"].min() == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(place.project / "src"))
        unit_test = place.run("dbt", "test", "--select", "busy_days,test_type:unit")
    assert unit_test.code == 0, unit_test.output


def test_a_section_is_in_the_report_in_both_languages(changed):
    place, _ = changed
    report = (place.target / "report" / "index.html").read_text()
    days = place.query("select count(*) from busy_days").iloc[0, 0]
    assert f"{days} days were busy." in report
    assert f"바쁜 날 {days}일." in report


def test_the_pages_that_are_written_from_the_code_tell_of_it(changed, tmp_path):
    place, _ = changed
    names = ("retailer.schema.json", "your-data.md", "settings.md")
    for name in names:
        shutil.copy(ROOT / "docs" / name, tmp_path)
    subprocess.run(
        [BIN / "python", place.project / "docs/schema.py", *(tmp_path / name for name in names)],
        cwd=place.project,
        env=os.environ | {"PYTHONPATH": str(place.project / "src")},
        check=True,
    )
    assert (
        "| `busy_from_lines` | dbt var | `20` | lines of a busy day" in (tmp_path / "settings.md").read_text()
    )
