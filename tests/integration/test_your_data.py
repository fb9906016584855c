"""docs/your-data.md and CONTRIBUTING.md do what they say, and say what is declared."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from sandboxes import BIN, ROOT, Sandbox

from palette.core.adding import add
from palette.core.errors import InputError
from palette.core.shop_rows import shop_rows
from projects import copy_of_project

GENERATED = ("retailer.schema.json", "your-data.md", "settings.md")


def blocks(page: Path, info: str) -> list[str]:
    """The fenced blocks of a page that begin with this info string."""
    return re.findall(rf"^```{info}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as a user has it: with an installed virtual environment, and no shop yet."""
    project = copy_of_project(tmp_path_factory.mktemp("project") / "palette")
    (project / "warehouse").mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, project)
        os.utime(project / name, (0, 0))
    (project / ".venv").mkdir()
    for part in ("bin", "lib", "pyvenv.cfg"):
        (project / ".venv" / part).symlink_to(BIN.parent / part)
    (project / ".venv/.installed").touch()  # newer than what it was made from: make leaves it alone
    return project


@pytest.fixture(scope="module")
def followed(checkout: Path) -> tuple[Sandbox, str]:
    """The page's own commands, run as they stand, and all they printed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PALETTE_", "DBT_"))}
    place, page = Sandbox(checkout / "warehouse", checkout, checkout, ""), ROOT / "docs/your-data.md"
    (variables,) = re.findall(r"VARS='(.*)'", "".join(blocks(page, "sh run")))
    place.leave_parsed(place.scratch, "--vars", variables, target=checkout / "target")
    printed = ""
    for commands in blocks(page, "sh run"):
        done = subprocess.run(
            ["bash", "-euc", commands],
            cwd=checkout,
            env=own | {"COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        printed += done.stdout
        assert done.returncode == 0, printed
    return place, printed


def test_the_page_shows_what_its_commands_print(followed):
    _, printed = followed
    shown = "".join(blocks(ROOT / "docs/your-data.md", "text output")).splitlines()
    assert len(shown) > 5
    plain = re.sub("[┃│]", "│", re.sub(" +", " ", printed))
    assert [line for line in shown if re.sub(" +", " ", line) not in plain] == []


def test_its_commands_build_the_shop_from_the_file(followed):
    sandbox, _ = followed
    declared = sandbox.query("select retailer, retailer_name, currency, country_code from retailers")
    assert declared.values.tolist() == [["teeladen", "Teeladen", "EUR", "DE"]]
    excluded = sandbox.query("select order_id, exclusion_reason from excluded_order_lines")
    assert excluded.values.tolist() == [["B241", "returned or not above zero"]]
    channels = sandbox.query("select channel, count(*) from order_lines group by channel order by channel")
    assert channels["channel"].tolist() == ["offline", "online"]
    assert channels.iloc[:, 1].sum() == 480
    categories = sandbox.query("select distinct category from products order by category")
    assert categories["category"].tolist() == ["Grüntee", "Kräutertee", "Schwarztee"]


def test_its_commands_write_the_report(followed):
    sandbox, _ = followed
    assert "Teeladen" in (sandbox.project / "target/report/index.html").read_text()


@pytest.fixture
def tea(tmp_path: Path) -> Path:
    """A shop's file whose last column bears a word that nobody knows."""
    file = tmp_path / "tea.csv"
    file.write_text("Kundennr,Datum,Artikel,Preis,Wo\n7,2025-01-02,Assam,4,Web\n8,2025-01-03,Assam,4,Web\n")
    return file


def test_the_shops_own_rows_of_seed_tables_are_no_raw_files(tea, tmp_path):
    (tmp_path / "shops/tea").mkdir(parents=True)
    (tmp_path / "shops/tea/product_themes.csv").write_text("priority,pattern,theme\n1,% ASSAM %,Tea\n")
    declared, landed = add("tea", [tea], tmp_path / "shops", settings={})
    assert landed["order_lines"].rows == 2
    assert landed["products"].path is None
    assert len(shop_rows(declared, "product_themes")) == 1


def test_a_setting_of_a_name_that_is_a_column_and_a_key_is_of_the_column_it_names(tea, tmp_path):
    column, _ = add("a", [tea], tmp_path, settings={"channel": "Wo"})
    assert (column.retailer.channel, column.retailer.columns["order_lines"]["channel"]) == ("unknown", "Wo")
    key, _ = add("b", [tea], tmp_path, settings={"channel": "offline"})
    assert (key.retailer.channel, key.retailer.columns["order_lines"].get("channel")) == ("offline", None)


@pytest.mark.parametrize(
    ("key", "value"), [("currency", "EURO"), ("channel", "Nowhere"), ("csv", "{header: perhaps}")]
)
def test_a_setting_that_a_key_cannot_have_is_named(tea, tmp_path, key, value):
    with pytest.raises(InputError, match=rf"{key}.*{value.split(' ')[-1].strip('}')}"):
        add("tea", [tea], tmp_path, settings={key: value})
    assert not (tmp_path / "tea").exists()


def test_the_schema_and_the_tables_are_what_is_declared(tmp_path):
    for name in GENERATED:
        text = (ROOT / "docs" / name).read_text()
        (tmp_path / name).write_text(
            re.sub(r"^\| `(decimal_mark|PALETTE_DB|value_folds)` .*\n", "", text, flags=re.MULTILINE)
        )
    for page in ("your-data.md", "settings.md"):
        assert (tmp_path / page).read_text() != (ROOT / "docs" / page).read_text()
    subprocess.run(
        [BIN / "python", ROOT / "docs/schema.py", *(tmp_path / name for name in GENERATED)],
        cwd=ROOT,
        check=True,
    )
    for name in GENERATED:
        assert (tmp_path / name).read_text() == (ROOT / "docs" / name).read_text(), "run `make schema`"


def follow_recipe(page: Path, project: Path) -> list[str]:
    """Write the recipe's files into a project; a block for a file that is there goes into its mapping."""
    steps = re.findall(r"^`([\w/.]+)`\n\n```\w+\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    for name, text in steps:
        file = project / name
        if file.exists():
            before, mapping, after = file.read_text().partition(" = {\n")
            assert mapping, name
            text = before + mapping + text + after
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return [name for name, _ in steps]


def test_the_recipe_adds_a_form(tmp_path):
    project = copy_of_project(tmp_path / "project")
    assert len(follow_recipe(ROOT / "CONTRIBUTING.md", project)) == 5
    till = tmp_path / "data/till"
    till.mkdir(parents=True)
    (till / "receipts 2025.csv").write_text(
        "receipt,loyalty_card,printed_at,total\n"
        "1,a,2025-01-02 10:00,4.50\n2,b,2025-01-03 11:00,3\n3,a,2025-01-04 12:00,2\n"
        "4,,2025-01-04 13:00,9\n5,a,2025-01-05 14:00,-2\n"
    )
    sandbox = Sandbox(tmp_path, till.parent, project, "").build("--select", "+customers", "+quality_staging")
    customers = sandbox.query("select customer_id, orders, revenue from customers order by customer_id")
    assert customers.astype({"revenue": float}).values.tolist() == [["a", 2, 6.5], ["b", 1, 3.0]]
    (declared,) = sandbox.query("select form, channel, item_level from retailers").values.tolist()
    assert declared == ["receipts", "offline", "none"]
