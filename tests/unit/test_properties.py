"""Each model, seed, macro and generic test has beside it the yml of its name, and nothing else in there."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DESCRIBED = {
    "models": ".sql",
    "python_models": ".py",
    "seeds": ".csv",
    "macros": ".sql",
    "tests/generic": ".sql",
}
SECTIONS = ("models", "seeds", "macros", "unit_tests")  # in the order of a file


def names(file: Path) -> list[str]:
    """Return what a file defines, as dbt names it."""
    defined = (
        re.findall(r"\{%-? *(macro|test) +(\w+)", file.read_text("utf-8")) if file.suffix == ".sql" else []
    )
    return [f"test_{name}" if kind == "test" else name for kind, name in defined] or [file.stem]


def faults(root: Path) -> list[str]:
    """Return files without a yml beside them, and ymls that describe something else than the file beside."""
    wrong = []
    for folder, suffix in DESCRIBED.items():
        files = {file.with_suffix(""): file for file in (root / folder).rglob(f"*{suffix}")}
        ymls = {file.with_suffix(""): file for file in (root / folder).rglob("[!_]*.yml")}
        wrong += [str(place.relative_to(root)) for place in files.keys() ^ ymls.keys()]
        for place in files.keys() & ymls.keys():
            content = yaml.safe_load(ymls[place].read_text("utf-8"))
            entries = [entry for section in SECTIONS for entry in content.get(section, [])]
            named = [entry.get("model", entry["name"]) for entry in entries]
            sections = [section for section in content if section != "version"]
            if set(named) != set(names(files[place])) or sections != sorted(sections, key=SECTIONS.index):
                wrong.append(str(place.relative_to(root)))
    return sorted(wrong)


def test_each_is_described_beside_it():
    assert len(list(ROOT.glob("models/**/[!_]*.yml"))) > 100
    assert faults(ROOT) == []


@pytest.mark.parametrize(
    "change",
    [
        ("models/a.yml", None),
        ("models/b.yml", "models: [{name: b}]"),
        ("models/a.yml", "models: [{name: a}, {name: b}]"),
        ("models/a.yml", "models: [{name: a}]\nunit_tests: [{name: rule, model: b}]"),
        ("models/a.yml", "unit_tests: [{name: rule, model: a}]\nmodels: [{name: a}]"),
        ("macros/a.yml", "macros: [{name: one}]"),
    ],
)
def test_what_is_described_elsewhere_is_found(tmp_path: Path, change: tuple[str, str | None]):
    files = {
        "models/a.sql": "select 1",
        "models/a.yml": "version: 2\nmodels: [{name: a}]\nunit_tests: [{name: rule, model: a}]",
        "models/_exposures.yml": "exposures: [{name: report}]",
        "macros/a.sql": "{% macro one() %}{% endmacro %}{%- macro two() -%}{% endmacro %}",
        "macros/a.yml": "macros: [{name: one}, {name: two}]",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert faults(tmp_path) == []
    name, text = change
    (tmp_path / name).write_text(text) if text else (tmp_path / name).unlink()
    assert faults(tmp_path) == [name.removesuffix(".yml")]
