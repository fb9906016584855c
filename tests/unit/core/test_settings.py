import math
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from palette.core.catalogue import MODELS as MODELS_SEED
from palette.core.catalogue import model_names
from palette.core.settings import ENVIRONMENT, Settings, SettingsError, models_of
from palette.engine.choosing import ENVIRONMENT as OF_ENGINES

MODELS = model_names()

ROOT = Path(__file__).parents[3]
PROJECT = ROOT / "dbt_project.yml"

GOOD: dict[str, list[tuple[Any, Any]]] = {
    "as_of_date": [(None, None), ("2011-06-30", date(2011, 6, 30)), (date(2011, 6, 30), date(2011, 6, 30))],
    "rfm_clusters": [(2, 2), (10, 10), ("auto", "auto")],
    "behaviour_clusters": [(2, 2), (10, 10), ("auto", "auto")],
    "consumption_clusters": [(2, 2), (10, 10), ("auto", "auto")],
    "cluster_seed": [(0, 0), (2**32 - 1, 2**32 - 1)],
    "silhouette_sample": [(100, 100), (1_000_000, 1_000_000)],
    "basket_min_support": [(0.0001, 0.0001), (1, 1.0)],
    "basket_min_confidence": [(0, 0.0), (1, 1.0), (0.75, 0.75)],
    "basket_max_items": [(1, 1), (5, 5)],
    "basket_min_orders": [(1, 1), (1000, 1000)],
    "recommendations_per_customer": [(1, 1), (100, 100)],
    "recommendation_window_days": [(7, 7), (92, 92)],
    "recommendation_models": [("all", "all"), ("als", "als"), ("als, popularity", "als, popularity")],
    "recommendation_seed": [(0, 0), (2**31 - 1, 2**31 - 1)],
    "recommendation_rules_enabled": [(True, True), (False, False)],
    "palette_backtest": [(True, True), (False, False)],
    "recommendation_folds": [(1, 1), (12, 12)],
    "value_folds": [(1, 1), (12, 12)],
}
BAD: dict[str, list[Any]] = {
    "as_of_date": [
        "2011-02-30",
        "30/06/2011",
        "2011-6-1",
        "yesterday",
        "",
        20110630,
        True,
        "2011-06-30 10:00",
    ],
    "rfm_clusters": [1, 11, 4.5, "AUTO", "four", "", None, True, [4]],
    "behaviour_clusters": [1, 11, 4.5, "AUTO", "four", "", None, True, [4]],
    "consumption_clusters": [1, 11, 4.5, "AUTO", "four", "", None, True, [4]],
    "cluster_seed": [-1, 2**32, 0.5, "x", None],
    "silhouette_sample": [99, 0, "all", None, 100.5],
    "basket_min_support": [0, -0.1, 1.01, math.nan, math.inf, "2%", None],
    "basket_min_confidence": [-0.01, 1.01, 50, math.nan, "half", None],
    "basket_max_items": [0, 6, 2.5, "three", None, False],
    "basket_min_orders": [0, -5, 1.5, "few", None],
    "recommendations_per_customer": [0, 101, 9.9, "ten", None],
    "recommendation_window_days": [6, 93, 28.5, "month", None],
    "recommendation_models": ["none", "als, alz", "", None, True, ["als"]],
    "recommendation_seed": [-1, 2**31, 0.5, "x", None],
    "recommendation_rules_enabled": ["yes", "false", 1, None],
    "palette_backtest": ["no", 0, None],
    "recommendation_folds": [0, 13, 1.5, "all", None],
    "value_folds": [0, 13, 1.5, "all", None],
}
# What a lax parser takes, but the casts in SQL or int() in the Python models do not mean or take.
UNUSABLE = [
    ("as_of_date", 0),
    ("as_of_date", 86400),
    ("as_of_date", "86400"),
    ("rfm_clusters", "4.0"),
    ("rfm_clusters", "5"),
    ("cluster_seed", "7"),
    ("basket_min_support", "0.05"),
    ("basket_max_items", "3.0"),
    ("basket_min_support", True),
]


@pytest.mark.parametrize("cases", [GOOD, BAD])
def test_every_setting_has_cases(cases: dict[str, Any]):
    assert set(cases) == set(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [(name, value, expected) for name, cases in GOOD.items() for value, expected in cases],
)
def test_check_accepts(name: str, value: object, expected: object):
    settings = Settings.check({name: value})
    assert getattr(settings, name) == expected
    assert type(getattr(settings, name)) is type(expected)
    # the others keep their defaults
    assert settings.model_dump(exclude={name}) == Settings().model_dump(exclude={name})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_check_refuses_and_explains(name: str, value: object):
    with pytest.raises(SettingsError) as error:
        Settings.check({name: value})
    field = Settings.model_fields[name]
    names = f"; there are: {', '.join(MODELS)}" * (name == "recommendation_models" and isinstance(value, str))
    assert str(error.value) == (
        f"var '{name}' cannot be {value!r}: {field.description} (default {field.default}{names})"
    )


@pytest.mark.parametrize(("name", "value"), UNUSABLE)
def test_check_refuses_what_the_models_cannot_use(name: str, value: object):
    with pytest.raises(SettingsError, match=f"^var '{name}' cannot be "):
        Settings.check({name: value})


def test_models_are_all_or_those_named():
    assert models_of("all") == MODELS
    assert models_of("als,  ease") == ("als", "ease")


def test_check_suggests_the_nearest_name():
    with pytest.raises(SettingsError, match=r"^unknown var 'rfm_cluster': did you mean 'rfm_clusters'\?$"):
        Settings.check({"rfm_cluster": 4})


def test_check_of_a_name_like_no_other_suggests_none():
    with pytest.raises(SettingsError, match=r"^unknown var 'zzz'$"):
        Settings.check({"zzz": 1})


def test_check_names_every_problem_once():
    with pytest.raises(SettingsError) as error:
        Settings.check({"rfm_clusters": 1, "cluster_seed": -1, "basket_max_itms": 3, "basket_max_items": 2})
    problems = sorted(problem.split(":")[0] for problem in str(error.value).split("; ") if "var '" in problem)
    assert problems == [
        "unknown var 'basket_max_itms'",
        "var 'cluster_seed' cannot be -1",
        "var 'rfm_clusters' cannot be 1",
    ]


def test_check_of_nothing_gives_the_defaults():
    assert Settings.check({}) == Settings()


def test_defaults_equal_the_project_file():
    project = yaml.safe_load(PROJECT.read_text("utf-8"))["vars"]
    assert project == Settings().model_dump()
    # in one order, and 1 is no True
    assert list(project) == list(Settings.model_fields)
    assert [type(value) for value in project.values()] == [
        type(value) for value in Settings().model_dump().values()
    ]


def test_defaults_are_allowed():
    assert Settings.check(Settings().model_dump()) == Settings()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described(name: str):
    description = Settings.model_fields[name].description or ""
    assert len(description.split()) >= 4
    assert description.lower() != name.replace("_", " ")


@pytest.mark.parametrize(("name", "schema"), Settings.model_json_schema()["properties"].items())
def test_every_description_says_what_is_allowed(name: str, schema: dict[str, Any]):
    kinds = schema.get("anyOf", [schema])
    bounds = ("minimum", "exclusiveMinimum", "maximum")
    allowed = [kind[key] for kind in kinds for key in (*bounds, "const") if key in kind]
    allowed += ["true", "false"] * (schema.get("type") == "boolean")
    allowed += ["all", MODELS_SEED] * (name == "recommendation_models")
    allowed += ["YYYY-MM-DD"] * (name == "as_of_date")
    said = re.findall(r"[\w-]+", schema["description"])
    assert allowed
    assert {str(each) for each in allowed} <= set(said)


def test_every_environment_variable_that_is_read_is_explained() -> None:
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "macros").rglob("*.sql"), ROOT / "profiles/profiles.yml"]
    asked = re.compile(r"""(?:environ(?:\.get\(|\[)|env_var\(|envvar=)["'](PALETTE_\w+)""")
    read = {name for file in files for name in asked.findall(file.read_text("utf-8"))}
    read.remove("PALETTE_ROW_COUNTS")  # `palette build` hands it to its own dbt
    assert read == ENVIRONMENT.keys() | OF_ENGINES.keys()
