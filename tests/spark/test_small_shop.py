"""One form of shop up to its lists, on both engines: what every change is to pass within minutes."""

from pathlib import Path

import pytest

pytest.importorskip("sparks", exc_type=ImportError)

from dbt.adapters.palette_spark.session import stop
from palette.demo import write_demo
from sparks import build, differing

CUSTOMERS = 40
MADE = ("--select", "+recommendation_lists", "--resource-types", "model", "seed")
MADE += ("--vars", "{palette_backtest: false, recommendation_models: 'ease, goes_with, tifuknn'}")


def test_every_table_is_the_same(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_demo(data, ["online_retail"], customers=CUSTOMERS)
    landing = tmp_path / "landing"
    here = build("duckdb", data, tmp_path / "duckdb", *MADE)
    there = build("spark", data, tmp_path / "spark", *MADE, PALETTE_LANDING=f"file://{landing}")
    assert len(list(landing.glob("online_retail.*.parquet"))) == 1
    assert differing(here, there) == {}
    stop()
