from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from palette.core.errors import InputError
from palette.engine import installed, installing


@pytest.mark.parametrize(
    ("pyspark", "java", "said"),
    [
        (None, 17, "pyspark is missing"),
        ("4.0.0", None, "spark 4.0.0, but no Java is found"),
        ("4.0.0", 11, "Java is 11, where 17 or later is needed"),
    ],
)
def test_spark_needs_pyspark_and_java(
    monkeypatch: pytest.MonkeyPatch, pyspark: str | None, java: int | None, said: str
) -> None:
    def version(name: str) -> str:
        if pyspark is None:
            raise PackageNotFoundError(name)
        return pyspark

    monkeypatch.setenv("PALETTE_ENGINE", "spark")
    monkeypatch.setattr(installing, "version", version)
    monkeypatch.setattr(installing, "java_version", lambda: java)
    with pytest.raises(InputError, match=said):
        installed()


def test_the_engine_is_named_with_its_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "version", lambda _: "4.0.0")
    monkeypatch.setattr(installing, "java_version", lambda: 17)
    monkeypatch.setenv("PALETTE_ENGINE", "spark")
    assert installed() == "spark 4.0.0, Java 17"
    monkeypatch.setenv("PALETTE_ENGINE", "")
    assert installed() == "duckdb"


def test_the_version_of_java_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert installing.java_version() is None
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n")
    java.chmod(0o755)
    assert installing.java_version() == 21
