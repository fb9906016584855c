from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from palette.core.forms import ENDINGS, Column, Form, ProjectError, SourceTable, forms, project_folder
from palette.core.values import Kind

MINIMAL: dict[str, Any] = {
    "name": "club",
    "tables": [
        {
            "name": "visits",
            "config": {"meta": {"files": ["*visit*"]}},
            "columns": [{"name": "client", "config": {"meta": {"kind": "identifier"}}}],
        }
    ],
}


def project(folder: Path, source: dict[str, Any]) -> Path:
    """Make a project of one form in a folder; returns the declaration's path."""
    (folder / "dbt_project.yml").touch()
    path = folder / "models" / "staging" / "club" / "_club__sources.yml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump({"version": 2, "sources": [source]}, sort_keys=False))
    return path


def changed(**table: Any) -> dict[str, Any]:
    return MINIMAL | {"tables": [MINIMAL["tables"][0] | table]}


@pytest.fixture
def club(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


class TestShipped:
    @pytest.mark.parametrize("form", forms().values(), ids=lambda form: form.name)
    def test_a_form_is_complete(self, form: Form) -> None:
        assert form.purchases.is_required
        for table in form.tables.values():
            names = [column.name for column in table.columns]
            assert len(set(names)) == len(names)
            assert set(table.key) <= set(names)
            assert {name for group in table.one_of for name in group} <= set(names)
            assert all(column.kind in get_args(Kind) for column in table.columns)

    def test_there_are_three(self) -> None:
        assert list(forms()) == ["lpoint", "online_retail", "orders"]
        assert list(forms()["orders"].tables) == ["order_lines", "products", "customers", "visits", "weather"]
        assert forms()["online_retail"].defaults["currency"] == "GBP"


class TestRead:
    def test_a_form_is_a_folder(self, club: Path) -> None:
        project(club, MINIMAL)
        column = Column("client", "identifier", ("client",))
        patterns = tuple(f"*visit*.{ending}" for ending in ENDINGS)
        table = SourceTable("club", "visits", patterns, (column,))
        assert forms() == {"club": Form("club", {}, {"visits": table})}

    def test_all_that_can_be_declared(self, club: Path) -> None:
        meta = {"files": ["a", "b"], "is_required": False, "key": ["client"], "one_of": [["client", "day"]]}
        columns: list[dict[str, Any]] = [
            {"name": "client", "config": {"meta": {"kind": "identifier", "headers": ["CLNT", "Client No"]}}},
            {
                "name": "day",
                "config": {
                    "meta": {
                        "kind": "date",
                        "headers": {"en": "day", "ko": "날짜"},
                        "is_required": False,
                        "may_be_empty": True,
                    }
                },
            },
        ]
        source = changed(config={"meta": meta}, columns=columns)
        project(club, source | {"config": {"meta": {"defaults": {"currency": "EUR"}}}})
        form = forms()["club"]
        table = form.tables["visits"]
        assert form.defaults == {"currency": "EUR"}
        assert (table.is_required, table.key, table.one_of) == (False, ("client",), (("client", "day"),))
        assert {pattern.split(".")[0] for pattern in table.patterns} == {"a", "b"}
        client, day = table.columns
        assert (client.names, client.is_required) == (("client", "CLNT", "Client No"), True)
        assert (day.names, day.is_required, day.may_be_empty) == (("day",), False, True)
        assert table.column("day") is day

    def test_the_project_is_found_from_below(self, club: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = project(club, MINIMAL)
        monkeypatch.chdir(path.parent)
        assert project_folder() == club
        assert list(forms()) == ["club"]


class TestBroken:
    def test_no_project(self, club: Path) -> None:
        with pytest.raises(ProjectError) as raised:
            forms()
        assert str(raised.value) == (f"no dbt_project.yml in {club} or above it: run this inside the project")

    @pytest.mark.parametrize(
        ("source", "missing"),
        [
            ({"name": "club"}, "tables"),
            ({"tables": []}, "name"),
            (changed(config={"meta": {}}), "files"),
            (changed(config={}), "files"),
            (changed(config={"meta": None}), "files"),
            (changed(columns=[{"name": "client"}]), "kind"),
            (changed(columns=[{"config": {"meta": {"kind": "text"}}}]), "name"),
            (changed(columns=[{"name": "client", "config": {"meta": {"kind": "number"}}}]), "kind"),
            (changed(config={"meta": {"files": ["*"], "key": ["customer"]}}), "customer"),
            (changed(config={"meta": {"files": ["*"], "one_of": [["customer"]]}}), "customer"),
            (MINIMAL | {"tables": ["visits"]}, "string indices"),
        ],
    )
    def test_what_is_missing_or_wrong_is_named(
        self, club: Path, source: dict[str, Any], missing: str
    ) -> None:
        path = project(club, source)
        with pytest.raises(ProjectError) as raised:
            forms()
        assert str(raised.value).startswith(f"{path}: ")
        assert missing in str(raised.value)

    def test_a_file_that_is_no_yaml(self, club: Path) -> None:
        path = project(club, MINIMAL)
        path.write_text("sources: [")
        with pytest.raises(ProjectError) as raised:
            forms()
        assert str(raised.value).startswith(f"{path}: no YAML: ")

    def test_a_file_without_sources(self, club: Path) -> None:
        path = project(club, MINIMAL)
        path.write_text("version: 2\n")
        with pytest.raises(ProjectError) as raised:
            forms()
        assert str(raised.value).startswith(f"{path}: ")
