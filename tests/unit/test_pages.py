"""What pages say of the project is so: what they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
METHODS = ROOT / "docs" / "methods.md"
TEXTS = (".py", ".sql", ".yml", ".md", ".toml", ".csv")
FOLDERS = ("src", "models", "python_models", "macros", "seeds", "tests", "benchmarks", "docs", ".github")


def texts() -> list[Path]:
    """Files of the project in which somebody explains something, this one left out."""
    own = [file for file in ROOT.iterdir() if file.suffix in TEXTS or file.name == "Makefile"]
    own += [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.suffix in TEXTS]
    return [file for file in own if file != Path(__file__) and file.is_file()]


def uncomputed(page: str) -> list[str]:
    """Formulas of a page that no line "By [`model`]" follows."""
    formulas = re.findall(r"```formula\n(.*?)```\n\n(\S+ \S*)", page, re.DOTALL)
    return [formula for formula, after in formulas if not after.startswith("By [`")]


def unknown_models(page: str) -> list[str]:
    """Links under a model's name that lead to no file of that model."""
    named = re.findall(r"\[`(\w+)`\]\(\.\./((?:python_)?models/[^)]*)\)", page)
    assert len(named) == page.count("[`")
    return [
        name
        for name, path in named
        if Path(path).stem != name or Path(path).suffix not in (".sql", ".py") or not (ROOT / path).is_file()
    ]


def test_every_formula_names_a_model_that_is_there():
    page = METHODS.read_text("utf-8")
    assert len(re.findall(r"```formula\n", page)) > 15
    assert uncomputed(page) == []
    assert unknown_models(page) == []


def test_a_formula_that_nothing_computes_is_found():
    page = METHODS.read_text("utf-8")
    assert uncomputed(page.replace("By [`customer_rfm`]", "See [`customer_rfm`]", 1)) != []
    assert unknown_models(page.replace("rfm_weights.sql", "weights.sql")) == ["rfm_weights"]


@pytest.mark.parametrize(
    ("text", "cited"),
    [("see SPEC, section 9", True), ("as in System A", True), ("SPECS = 3; a system", False)],
)
def test_a_document_outside_the_project_is_found(text, cited):
    assert bool(cites_outside(text)) is cited


def cites_outside(text: str) -> list[str]:
    """Words by which a text cites the documents that the project was begun from."""
    return re.findall(r"\bSPEC\b|\bSystem [AB]\b", text)


def test_nothing_cites_a_document_outside_the_project():
    assert len(texts()) > 400
    assert [str(file) for file in texts() if cites_outside(file.read_text("utf-8"))] == []
