"""A master with two workers: both make lists and count itemsets, and one of them may die."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("sparks", exc_type=ImportError)

from tea_shop import write_shop

from dbt.adapters.palette_spark.session import stop
from palette.demo import write_demo
from sparks import build, differing, end, loopback, machines

CUSTOMERS = 40
MADE = ("--select", "+recommendations", "+basket_rules", "--resource-types", "model", "seed")
MADE += ("--vars", "{palette_backtest: false, recommendation_models: 'ease, goes_with, tifuknn'}")
SETTINGS = """
spark.eventLog.compress false
spark.eventLog.enabled true
spark.eventLog.rolling.enabled false
spark.log.level OFF
"""


def stages(events: Path) -> Iterator[tuple[str, str]]:
    """Return of each task that succeeded what its stage does, and the number of its executor."""
    (log,) = events.iterdir()
    does: dict[int, str] = {}
    for event in map(json.loads, log.read_text("utf-8").splitlines()):
        if event["Event"] == "SparkListenerStageSubmitted":
            stage = event["Stage Info"]
            does[stage["Stage ID"]] = json.dumps([stage["Stage Name"], stage["Details"], stage["RDD Info"]])
        elif event["Event"] == "SparkListenerTaskEnd" and event["Task End Reason"]["Reason"] == "Success":
            yield does[event["Stage ID"]], event["Task Info"]["Executor ID"]


def test_both_workers_work_and_one_that_dies_is_done_without(tmp_path: Path) -> None:
    data, events = (tmp_path / name for name in ("data", "events"))
    events.mkdir()
    settings = loopback(tmp_path, f"{SETTINGS}spark.eventLog.dir {events.as_uri()}\n")
    write_demo(data, customers=CUSTOMERS)
    write_shop(data)
    here = build("duckdb", data, tmp_path / "duckdb", *MADE)
    with machines(tmp_path) as (master, workers):

        def one_dies(line: str) -> None:
            if " OK created python table model" in line and "recommendation_lists" in line:
                end(workers[0])

        there = build(
            "spark",
            data,
            tmp_path / "spark",
            *MADE,
            told=one_dies,
            PALETTE_SPARK_MASTER=master,
            SPARK_CONF_DIR=str(settings),
        )
        assert [worker.poll() is None for worker in workers] == [False, True]
    found = list(stages(events))
    for part in ("MapInArrow", "FPGrowth"):
        assert {executor for does, executor in found if part in does} >= {"0", "1"}, part
    assert differing(here, there) == {}
    stop()
