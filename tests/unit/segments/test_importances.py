import numpy as np
import pandas as pd
import pytest
from palette_shop import importances_of, shop
from pandas.testing import assert_frame_equal

from palette.core.tables import typed
from palette.segments.clusterings import CONSUMPTION, Clustering
from palette.segments.importances import IMPORTANCES_SCHEMA, PREDICTION_IMPORTANCES_SCHEMA, separation


def test_importances_add_up_to_one_and_name_what_was_planted():
    importances = importances_of(*shop(), seed=0)
    assert typed(importances, PREDICTION_IMPORTANCES_SCHEMA).num_rows == 3 * 11
    for target, rows in importances.groupby("target"):
        assert rows["importance"].sum() == pytest.approx(1, abs=1e-4), target
        assert rows["importance_rank"].tolist() == list(range(1, 12))
        assert rows["importance"].is_monotonic_decreasing
    leading = importances.groupby("target")["feature"].first()
    assert leading["behaviour"] == "r_weekend"
    assert leading["consumption"] in {"Food", "Kitchen", "Sports"}


def test_importances_of_the_group_are_the_mean_of_both_parts():
    wide = importances_of(*shop(), seed=0).pivot(index="feature", columns="target", values="importance")
    mean = (wide["behaviour"] + wide["consumption"]) / 2
    assert wide["palette_group"].tolist() == pytest.approx(mean.tolist(), abs=2e-6)


def test_separation_finds_the_feature_that_separates():
    features = pd.DataFrame({"retailer": "mall", "customer_id": [f"{row:02}" for row in range(60)]})
    features = features.assign(x=np.arange(60) % 7, y=np.repeat([0.0, 1.0], 30), z=4)
    clusters = features[["retailer", "customer_id"]].assign(
        clustering="plane", cluster_name=np.repeat(["low", "high"], 30)
    )
    found = separation(features, clusters, Clustering("plane", ("x", "y", "z")), seed=0)
    assert typed(found, IMPORTANCES_SCHEMA).num_rows == 3
    assert found["feature"].tolist() == ["y", "x", "z"]
    assert found["importance_rank"].tolist() == [1, 2, 3]
    assert found["importance"].iloc[2] == 0
    assert found["importance"].sum() == pytest.approx(1, abs=1e-4)
    shuffled = features.sample(frac=1, random_state=0), clusters.sample(frac=1, random_state=1)
    assert_frame_equal(separation(*shuffled, Clustering("plane", ("x", "y", "z")), seed=0), found)


def test_separation_takes_its_own_clustering_and_the_categories_that_are_sold():
    _, scores, clusters = shop(60, 0)
    wide = scores.pivot(index=["retailer", "customer_id"], columns="super_category", values="unit_share")
    rows = wide.rename_axis(columns=None).reset_index().assign(Nothing=0.0)
    found = separation(rows, clusters, CONSUMPTION, seed=0)
    assert sorted(found["feature"]) == ["Food", "Kitchen", "Sports"]
    assert set(found["clustering"]) == {"consumption"}


def test_separation_of_one_cluster_is_0_and_ranked_by_name():
    features, _, clusters = shop(12, 0)
    one = clusters.assign(cluster_name="all")
    found = separation(features, one, Clustering("behaviour", ("r_weekend", "r_dawn")), seed=0)
    assert found[["feature", "importance"]].to_numpy().tolist() == [["r_dawn", 0.0], ["r_weekend", 0.0]]
