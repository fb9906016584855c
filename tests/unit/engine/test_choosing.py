import json

import pytest

from palette.core.errors import InputError
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


@pytest.mark.parametrize("engine", ["", "duckdb"])
def test_commands_work_on_duckdb(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    monkeypatch.setenv("PALETTE_ENGINE", engine)
    assert warehouse_path().name


def test_commands_say_that_they_know_no_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALETTE_ENGINE", "spark")
    with pytest.raises(InputError, match=r"PALETTE_ENGINE is spark: .*`dbt build --target spark`"):
        warehouse_path()
