import pytest

from palette.core.errors import InputError
from palette.warehouse import warehouse_path


@pytest.mark.parametrize("engine", ["", "duckdb"])
def test_commands_work_on_duckdb(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    monkeypatch.setenv("PALETTE_ENGINE", engine)
    assert warehouse_path().name


def test_commands_say_that_they_know_no_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALETTE_ENGINE", "spark")
    with pytest.raises(InputError, match=r"PALETTE_ENGINE is spark: .*`dbt build --target spark`"):
        warehouse_path()
