"""What the adapter says where something it needs is not there; each in a process of its own."""

import importlib.util
import os
import subprocess
import sys

import pytest


def said(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("module", ["pyspark", "dbt.adapters.spark"])
def test_a_missing_library_is_named_with_its_remedy(module: str) -> None:
    code = (
        "import sys; from dbt.adapters.factory import FACTORY\n"
        f"sys.modules['{module}'] = None\n"
        "try: FACTORY.load_plugin('palette_spark')\n"
        "except RuntimeError as error: print(error)"
    )
    assert "needs dbt-spark and pyspark: pip install 'palette[spark]'" in said(code)


def test_dbt_lists_its_adapters_without_it() -> None:
    code = (
        "import sys; from dbt.version import get_version_information\n"
        "sys.modules['pyspark'] = None; print(get_version_information())"
    )
    listed = said(code)
    assert "duckdb" in listed
    assert "palette_spark" not in listed


@pytest.mark.skipif(
    not importlib.util.find_spec("pyspark"),
    reason="Spark is not installed: pip install -r requirements-spark.lock",
)
def test_a_missing_java_is_named() -> None:
    code = (
        "from dbt.adapters.palette_spark import PaletteSparkCredentials\n"
        "from dbt.adapters.palette_spark.session import session_of\n"
        "session_of(PaletteSparkCredentials(schema='tiny'))"
    )
    assert "Spark needs Java 17 or newer, and there is none" in said(code, PATH="", JAVA_HOME="")
