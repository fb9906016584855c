"""What dbt's process is like before a model runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from threadpoolctl import threadpool_limits

from palette import dbt_plugin
from palette.core.settings import Settings, SettingsError
from palette.dbt_plugin import Plugin
from palette.engine import settings_of

MODELS = Path(__file__).parents[2] / "python_models"

CODE = """
import os
from threadpoolctl import threadpool_info
from palette import dbt_plugin

def openmp():
    return any(library["user_api"] == "openmp" for library in threadpool_info())

before = openmp()
dbt_plugin.load_learners()
print(before, openmp(), os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.slow
def test_threads_sleep_while_they_wait():
    """OpenMP reads its policy as its library is loaded, so none may be until it is set."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True", "passive"]


IMPORTS = """
import sys
from palette import dbt_plugin

dbt_plugin.load_learners()
before = set(sys.modules)
for module in sys.argv[1:]:
    __import__(module)
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*new & {"sklearn", "scipy", "lightgbm", "implicit"})
"""


@pytest.mark.slow
def test_python_models_import_no_learner_that_is_not_there():
    """A first import from several threads can deadlock, and dbt runs models in several."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODELS.rglob("*.py"))
    modules = sorted(set(re.findall(r"^from (palette\.\S+) import", code, re.MULTILINE)))
    assert "palette.segments.held_out" in modules
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, *modules], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_threads_wait_as_the_user_says(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.setattr(dbt_plugin, "HEAVY", ())
    with threadpool_limits():  # puts back what is limited for good
        dbt_plugin.load_learners()
    assert os.environ["OMP_WAIT_POLICY"] == "active"


@pytest.fixture
def session(monkeypatch):
    """Return a connection as dbt opens it, before any hook."""
    monkeypatch.setattr(dbt_plugin, "_checked", None)
    with duckdb.connect() as connection:
        Plugin("palette.dbt_plugin", {}).configure_connection(connection)
        yield connection


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"as_of_date": "2011-06-30", "rfm_clusters": "auto", "basket_min_support": 0.5},
        {"palette_backtest": False, "recommendation_models": "als, ease"},
    ],
)
def test_python_models_have_the_settings_that_the_hook_checked(session, chosen):
    session.execute("select palette_check_settings(?)", [json.dumps(chosen)])
    assert settings_of(session) == settings_of(session.cursor()) == Settings.check(chosen)


def test_the_last_run_of_a_process_has_its_own_settings(session):
    for clusters in (3, 5):
        session.execute("select palette_check_settings(?)", [json.dumps({"rfm_clusters": clusters})])
        assert settings_of(session).rfm_clusters == clusters


def test_without_a_run_there_are_no_settings(session):
    with pytest.raises(SettingsError, match="on-run-start"):
        settings_of(session)


def test_a_library_that_the_system_lacks_is_told(monkeypatch: pytest.MonkeyPatch):
    def lacking(_: str) -> None:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(dbt_plugin.importlib, "import_module", lacking)
    answer = json.loads(dbt_plugin.answering(dbt_plugin.load_learners)())
    assert answer["error"].startswith("libgomp.so.1: cannot open shared object file: LightGBM needs")
    assert "apt-get install libgomp1" in answer["error"]
