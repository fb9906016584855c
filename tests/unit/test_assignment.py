from pathlib import Path

import duckdb
import pandas as pd
import pytest

from palette.assignment import assign_groups
from palette.core import learned
from palette.core.errors import InputError
from palette.publishing import BuildError


def warehouse(folder: Path, rows: pd.DataFrame | None) -> Path:
    """Make a warehouse that keeps these forests, or none at all."""
    file = folder / "palette.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema intermediate")
        if rows is not None:
            connection.register("given", learned.SCHEMA.empty_table() if rows.empty else rows)
            connection.execute("create table intermediate.palette_forests as from given")
    return file


def test_a_warehouse_that_kept_no_forests_has_to_be_built_anew(tmp_path):
    with pytest.raises(InputError, match="not a warehouse of this version, run `make build`"):
        assign_groups(warehouse(tmp_path, None), tmp_path / "newcomers.csv")


def test_forests_of_another_version_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(learned, "VERSION", 99)
    rows = learned.table({("shop", "palette"): {}})
    monkeypatch.undo()
    refusal = f"palette of shop: is of version 99, not {learned.VERSION}: build the warehouse anew"
    with pytest.raises(BuildError, match=refusal):
        assign_groups(warehouse(tmp_path, rows), tmp_path / "newcomers.csv")


def test_a_warehouse_without_palette_groups_is_told(tmp_path):
    with pytest.raises(BuildError, match="holds no palette groups"):
        assign_groups(warehouse(tmp_path, learned.table({})), tmp_path / "newcomers.csv")
