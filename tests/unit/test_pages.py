"""What pages say of the project is so: what they name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
METHODS = ROOT / "docs" / "methods.md"
DECISIONS = ROOT / "docs" / "decisions"
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


def misshapen(records: dict[str, str], index: str) -> list[str]:
    """Records of decisions that lack their number, date, area or code, or their line in the index."""
    wrong = []
    areas = dict.fromkeys(re.findall(r"^## (.+)$", index, re.MULTILINE))
    for number, (name, text) in enumerate(sorted(records.items()), 1):
        found = re.match(
            rf"# {number}\. (.+)\n\n(\d{{4}}-\d\d-\d\d) · ([\w ]+) · (\[`.+`\]\(.+\))\n\n\S", text
        )
        listed = found and f"- [{number}. {found[1]}]({name}), {found[2]}\n" in index
        if not (name.startswith(f"{number:04}-") and listed and found and found[3] in areas):
            wrong.append(name)
    return wrong


def test_decisions_are_numbered_dated_linked_to_code_and_listed():
    records = {file.name: file.read_text("utf-8") for file in DECISIONS.glob("[0-9]*.md")}
    index = (DECISIONS / "README.md").read_text("utf-8")
    assert len(records) > 100
    assert misshapen(records, index) == []
    assert index.count("\n- [") == len(records)


def test_a_decision_without_date_or_code_is_found():
    index = "## Input\n\n- [1. One](0001-one.md), 2026-11-29\n"
    good = "# 1. One\n\n2026-11-29 · Input · [`a.py`](../../a.py)\n\nWhy.\n"
    assert misshapen({"0001-one.md": good}, index) == []
    for part in ("2026-11-29 · ", " · [`a.py`](../../a.py)", "1. ", "Input · "):
        assert misshapen({"0001-one.md": good.replace(part, "")}, index) == ["0001-one.md"]
    assert misshapen({"0001-one.md": good}, index.replace("One", "Two")) == ["0001-one.md"]


def pages() -> list[Path]:
    """Every page that a reader may open."""
    return [file for file in texts() if file.suffix == ".md"]


def anchors(page: str) -> set[str]:
    """Return what the headings of a page are linked by, as GitHub names them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page, flags=re.M | re.S), re.M):
        name = re.sub(r"[^\w\- ]", "", re.sub(r"\[(.+?)\]\(.+?\)", r"\1", heading).lower()).replace(" ", "-")
        number = next(n for n in range(len(found) + 1) if (f"{name}-{n}" if n else name) not in found)
        found.add(f"{name}-{number}" if number else name)
    return found


def broken(page: Path) -> list[str]:
    """Links of a page to a file, or a heading, that is not there."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
    wrong = []
    for link in links:
        if re.match(r"\w+://|#!", link):  # another site, or a page of the lineage site
            continue
        name, _, anchor = link.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            wrong.append(f"{page.relative_to(ROOT) if page.is_relative_to(ROOT) else page}: {link}")
    return wrong


def test_every_link_leads_to_a_file_and_a_heading():
    assert len(pages()) > 100
    assert [link for page in pages() for link in broken(page)] == []


def test_a_link_to_nothing_is_found(tmp_path):
    (tmp_path / "there.md").write_text("# A `b`: c?\n\n## A `b`: c?\n\n```md\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md#a-b-c) [b](there.md#a-b-c-1) [c](https://x.y/z#a) [d](#own)\n\n# Own\n")
    assert broken(page) == []
    page.write_text('[a](gone.md) [b](there.md#no-heading) [c](#other) <img src="gone.png">\n')
    assert [link.rsplit(" ", 1)[1] for link in broken(page)] == [
        "gone.md",
        "there.md#no-heading",
        "#other",
        "gone.png",
    ]


TOP = r"(?:src|models|python_models|macros|seeds|tests|docs|benchmarks|profiles|\.github|dbt_project\.yml)"


def missing_files(page: str) -> list[str]:
    """Files and folders that a page of recipes names, and that are neither there nor made by its blocks."""
    made = set(re.findall(r"^`([\w/.]+)`\n\n```", page, re.MULTILINE))
    named = set(re.findall(rf"`({TOP}(?:/[^`\s]*)?)`", page)) - made
    # <domain> stands for any: there has to be one
    return [name for name in sorted(named) if not any(ROOT.glob(re.sub(r"<\w+>", "*", name).rstrip("/")))]


def missing_names(page: str) -> list[str]:
    """Names that a page says are in a file, and that the file does not hold."""
    claims = re.findall(r"`(\w+)`(?: or `(\w+)`)?,? (?:of|in|among)\s+`([\w/]+\.\w+)`", page)
    return [
        f"{name} in {file}"
        for *names, file in claims
        for name in names
        if name and not re.search(rf"\b{name}\b", (ROOT / file).read_text("utf-8"))
    ]


def test_the_files_that_recipes_name_are_there():
    page = CONTRIBUTING.read_text("utf-8")
    assert page.count("`src/") > 30
    assert missing_files(page) == []
    assert missing_names(page) == []


def test_a_recipe_for_a_file_that_moved_is_found():
    page = CONTRIBUTING.read_text("utf-8")
    assert missing_files(page.replace("offers.py", "deals.py")) == ["src/palette/recommendations/deals.py"]
    assert missing_files("See `models/marts/<domain>/<mart>.json`.") == ["models/marts/<domain>/<mart>.json"]
    assert missing_names(page.replace("`OFFERS` of", "`DEALS` of")) == [
        "DEALS in src/palette/recommendations/offers.py"
    ]


@pytest.mark.parametrize(
    "recipe", ["form", "mart", "column", "model", "list", "report section", "setting", "language"]
)
def test_every_usual_change_has_a_recipe(recipe):
    assert re.search(rf"^## Add an? {recipe}$", CONTRIBUTING.read_text("utf-8"), re.MULTILINE)


def test_the_recipe_for_a_language_names_every_file_that_speaks_korean():
    recipe = CONTRIBUTING.read_text("utf-8").partition("## Add a language")[2].partition("\n## ")[0]
    files = [*(ROOT / "src/palette").rglob("*"), *ROOT.glob("macros/**/*.sql"), *ROOT.glob("seeds/**/*.csv")]
    speaking = [
        file.relative_to(ROOT).as_posix()
        for file in files
        if file.suffix in (".py", ".sql", ".csv", ".yml", ".j2", ".css")
        if re.search(r"_ko\b|\bko\b", file.read_text("utf-8"))
    ]
    assert len(speaking) > 15
    assert [file for file in speaking if f"`{file}`" not in recipe] == []
