import json

import pytest

from palette.core.errors import InputError
from palette.core.forms import project_folder
from palette.core.settings import Settings
from palette.engine import settings_of
from palette.warehouse import warehouse_path


class Wrapped:
    """A connection as dbt hands it to a Python model: not DuckDB's own type."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def execute(self, sql: str) -> "Wrapped":
        self.asked.append(sql)
        return self

    def fetchone(self) -> tuple[str]:
        return (json.dumps({"result": Settings().model_dump(mode="json")}),)


def test_a_wrapped_connection_is_asked_itself() -> None:
    session = Wrapped()
    assert settings_of(session) == Settings()
    assert session.asked == ["select palette_settings()"]


@pytest.mark.parametrize(
    ("engine", "place"),
    [("", "warehouse/palette.duckdb"), ("duckdb", "warehouse/palette.duckdb"), ("spark", "warehouse/spark")],
)
def test_each_engine_has_its_place(monkeypatch: pytest.MonkeyPatch, engine: str, place: str) -> None:
    monkeypatch.delenv("PALETTE_DB", raising=False)
    monkeypatch.setenv("PALETTE_ENGINE", engine)
    assert warehouse_path() == project_folder() / place


def test_another_engine_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALETTE_ENGINE", "oracle")
    with pytest.raises(InputError, match="PALETTE_ENGINE is oracle: there are duckdb and spark"):
        warehouse_path()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PALETTE_DB", "hdfs://host/warehouse"), ("PALETTE_SPARK_MASTER", "sc://host:15002")],
)
def test_commands_say_what_they_cannot_see(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("PALETTE_ENGINE", "spark")
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=rf"^{value}: .* in a folder of this machine; `dbt build --target"):
        warehouse_path()
