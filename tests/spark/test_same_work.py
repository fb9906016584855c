"""What Spark's workers count, and judge, is what is counted and judged here."""

from collections.abc import Iterator
from dataclasses import fields
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

pytest.importorskip("sparks", exc_type=ImportError)

from pandas.testing import assert_frame_equal
from pyspark.sql import SparkSession

from dbt.adapters.palette_spark.session import stop
from palette.baskets import rules as mining
from palette.baskets.rules import basket_rules, frequent_itemsets, held_by
from palette.core import threads
from palette.core.learned import pack
from palette.engine import gather, itemsets, spreading
from palette.recommendations import hybrid
from palette.recommendations.learning import learn
from palette.recommendations.purchases import Purchases
from sparks import session_on
from unit.recommendations.small_shops import coded, tables_of, town_of

RULES = {"min_support": 0.05, "min_confidence": 0.1, "max_items": 3, "min_orders": 2}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    yield session_on(tmp_path_factory.mktemp("warehouse"))
    stop()


def orders(number: int, cluster: str, seed: int) -> pd.DataFrame:
    """Make orders of items of which some are in most orders; the first ten are one long list."""
    held = np.random.default_rng(seed).random((number, 12)) < np.linspace(0.05, 0.7, 12)
    held[:10] = True
    order, item = np.nonzero(held)
    rows = {
        "retailer": "it's",
        "cluster_name": cluster,
        "order_id": [f"{cluster} {code}" for code in order],
        "item_id": [f"i{99 - code}" for code in item],
        "item_name": [f"Item {code}" for code in item],
        "cluster_orders": number + 5,
    }
    return pd.DataFrame(rows)


@pytest.mark.parametrize("needed", [2, 11, 201])
def test_counts_of_itemsets_are_the_same(session: SparkSession, needed: int) -> None:
    rows = orders(200, "all", 0)
    ids = sorted(rows["item_id"].unique())
    there = itemsets(session.createDataFrame(pa.Table.from_pandas(rows)), ids, needed, 10_000)
    order, item = pd.factorize(rows["order_id"])[0], pd.Index(ids).get_indexer(rows["item_id"])
    here, longest = frequent_itemsets(held_by(order, item, 200, len(ids)), needed, 12)
    assert longest == 12
    assert there == here
    assert list(there) == list(here)


def test_more_itemsets_than_asked_for_are_not_counted(session: SparkSession) -> None:
    rows = orders(200, "all", 0)
    ids = sorted(rows["item_id"].unique())
    frame = session.createDataFrame(pa.Table.from_pandas(rows))
    assert len(itemsets(frame, ids, 2, 4095)) == 4095  # of twelve items all but the empty set
    assert itemsets(frame, ids, 2, 4094) is None


@pytest.mark.parametrize("most", [50_000, 300])
def test_rules_are_the_same(
    session: SparkSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], most: int
) -> None:
    rows = pd.concat([orders(200, "all", 0), orders(90, "few", 1), orders(3, "too few", 2)])
    monkeypatch.setattr(mining, "MOST_ITEMSETS", most)
    here, told_here = basket_rules(duckdb.from_df(rows), **RULES), capsys.readouterr().out
    frame = session.createDataFrame(pa.Table.from_pandas(rows, preserve_index=False))
    for counted in (200_000, 100):  # by Spark, and by nobody but us
        monkeypatch.setattr(mining, "MOST_COUNTED", counted)
        assert_frame_equal(basket_rules(frame, **RULES), here)
        assert capsys.readouterr().out == told_here
    assert set(here["cluster_name"]) >= {"all", "few"}
    assert ("no rules of more than" in told_here) == (most < 50_000)


def test_past_windows_are_judged_the_same(session: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid, "CELLS", 1)  # 16 customers a batch
    monkeypatch.setattr(hybrid, "ROUNDS", 8)
    monkeypatch.setattr(threads, "THREADS", 1)  # fewer than Spark has cores, and than there are batches
    shop = coded(*tables_of(town_of(50, 70, items=8)))
    known = Purchases(**{each.name: getattr(shop, each.name) for each in fields(Purchases)})
    segments = pd.DataFrame({"rfm_segment": ["any"], "score_from": [111], "score_to": [555]})
    models = ["ease", "goes_with", "tifuknn", "als"]
    made = partial(learn, known, [], segments, folds=1, days=14, length=5, seed=0, models=models)
    by_workers, sent = spreading._by_workers, []
    monkeypatch.setattr(spreading, "_by_workers", lambda *given: sent.append(given) or by_workers(*given))
    (here, folds), (there, others) = made(), made(spread=partial(gather, session))
    assert len(sent) > 1  # a window each
    assert pack(there) == pack(here)
    assert len(folds) == 1
    assert pack([fold.learned() for fold in others]) == pack([fold.learned() for fold in folds])
