"""What is named in seed tables is what the code has, and a new row needs no other place."""

import shutil
from pathlib import Path

import pytest

from palette.core.catalogue import list_names, model_names, titles
from palette.core.settings import Settings, SettingsError, models_of
from palette.recommendations.hybrid import FUSION, NAME
from palette.recommendations.models import baselines, components
from palette.recommendations.offers import OFFERS
from palette.recommendations.rules import RuleError, check_rules_file
from palette.report.words import Words, texts

SEEDS = Path(__file__).parents[3] / "seeds" / "recommendations"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of seeds of a project that has nothing else, the current one."""
    (tmp_path / "dbt_project.yml").touch()
    shutil.copytree(SEEDS, tmp_path / "seeds" / "recommendations")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "seeds" / "recommendations"


def test_lists_are_those_that_are_made():
    assert sorted(list_names()) == sorted(offer.name for offer in OFFERS)
    assert len(set(list_names())) == len(list_names())


def test_models_are_those_there_are():
    weighed = components()
    assert sorted(model_names("component")) == sorted(model.name for model in weighed)
    assert sorted(model_names("baseline")) == sorted(model.name for model in baselines())
    assert (model_names("hybrid"), model_names("fusion")) == ((NAME,), (FUSION,))
    assert sorted(model_names()) == sorted(model_names("component", "baseline"))
    assert len(set(model_names())) == len(model_names())


def test_a_list_is_added_by_a_row(project: Path):
    with (project / "recommendation_list_names.csv").open("a", encoding="utf-8") as stream:
        stream.write("season,0,In season,\uc81c\ucca0 \uc0c1\ud488,What sells in the coming weeks.\n")
    assert list_names()[0] == "season"
    assert titles()["list_name.season"]["en"] == "In season"
    rules = project / "recommendation_rules.csv"
    rules.write_text("preset,list_name,rule,value\nshop,season,never_category,Tobacco\n")
    assert [rule.list_name for rule in check_rules_file(rules)] == ["season"]
    rules.write_text("preset,list_name,rule,value\nshop,seasn,never_category,Tobacco\n")
    with pytest.raises(RuleError, match="unknown list 'seasn': did you mean 'season'"):
        check_rules_file(rules)


def test_a_model_is_added_by_a_row(project: Path):
    with (project / "recommendation_model_names.csv").open("a", encoding="utf-8") as stream:
        stream.write("fresh,component,false,Fresh,\uc2e0\uc120\n")
    assert Settings.check({"recommendation_models": "als, fresh"}).recommendation_models == "als, fresh"
    assert "fresh" in models_of("all")
    with pytest.raises(SettingsError, match=r"there are: .*, fresh"):
        Settings.check({"recommendation_models": "fresch"})


def test_words_of_lists_and_models_are_those_of_the_seeds():
    assert titles().items() <= texts().items()
    assert Words("ko", "KRW").term("list_name", "push") == titles()["list_name.push"]["ko"]
    assert all(text.strip() for words in titles().values() for text in words.values())
