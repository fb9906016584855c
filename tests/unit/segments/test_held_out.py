import numpy as np
import pandas as pd
import pytest
from palette_shop import RETAILER, groups_of, shop
from pandas.testing import assert_frame_equal

from palette.core.tables import typed
from palette.segments import held_out
from palette.segments.held_out import (
    CONFUSION_SCHEMA,
    FOLDS,
    METRICS_SCHEMA,
    PREDICTION_SCHEMA,
    predict_held_out,
    prediction_confusion,
    prediction_metrics,
)


def predictions_of(*rows: tuple[str, str, int], target: str = "behaviour") -> pd.DataFrame:
    """Make predictions: actual, predicted, number of customers."""
    pairs = [(actual, predicted) for actual, predicted, number in rows for _ in range(number)]
    return pd.DataFrame(
        [
            (RETAILER, f"{row:03}", target, 1 + row % FOLDS, actual, predicted)
            for row, (actual, predicted) in enumerate(pairs)
        ],
        columns=PREDICTION_SCHEMA.names,
    )


def test_held_out_prediction_covers_everybody_once_a_target_in_five_folds():
    predictions = predict_held_out(*shop(242, 10), seed=0)
    assert typed(predictions, PREDICTION_SCHEMA).num_rows == 3 * 242
    assert not predictions.duplicated(["customer_id", "target"]).any()
    sizes = predictions[predictions["target"] == "palette_group"].groupby("fold").size()
    assert sizes.index.tolist() == [1, 2, 3, 4, 5]
    assert sizes.max() - sizes.min() <= 1
    by_class = predictions[predictions["target"] == "palette_group"].groupby(["actual", "fold"]).size()
    spread = by_class.groupby("actual")
    assert (spread.max() - spread.min() <= 1).all()
    assert predictions.groupby("customer_id")["fold"].nunique().max() == 1


def test_held_out_prediction_looks_at_a_sample_of_many_customers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(held_out, "JUDGED", 50)
    tables = shop(120, 0)
    predictions = predict_held_out(*tables, seed=0)
    assert predictions.groupby("target")["customer_id"].nunique().to_dict() == {
        "behaviour": 50,
        "consumption": 50,
        "palette_group": 50,
    }
    assert_frame_equal(predict_held_out(*tables, seed=0), predictions)


def test_held_out_group_is_the_pair_of_the_predicted_parts():
    predictions = predict_held_out(*shop(60, 0), seed=0)
    wide = predictions.pivot(index="customer_id", columns="target", values="predicted")
    assert (wide["palette_group"] == wide["behaviour"] + " / " + wide["consumption"]).all()


def test_prediction_beats_the_majority_where_there_is_something_to_learn():
    metrics = prediction_metrics(predict_held_out(*shop(600, 0), seed=0))
    value = metrics.set_index(["target", "metric"])["value"]
    for target in ("behaviour", "consumption", "palette_group"):
        assert value[target, "accuracy"] > 1.4 * value[target, "majority_baseline"]
    assert value["palette_group", "accuracy"] > 2 * value["palette_group", "majority_baseline"]


def test_prediction_does_not_beat_the_majority_where_there_is_nothing_to_learn():
    features, scores, clusters = shop(300, 0)
    chance = np.random.default_rng(0).permutation(300)
    ids = features["customer_id"].to_numpy()
    swapped = clusters.assign(
        customer_id=clusters["customer_id"].map(dict(zip(ids, ids[chance], strict=True)))
    )
    metrics = prediction_metrics(predict_held_out(features, scores, swapped, seed=0))
    value = metrics.set_index(["target", "metric"])["value"]
    for target in ("behaviour", "consumption", "palette_group"):
        assert value[target, "accuracy"] < value[target, "majority_baseline"] + 0.1


@pytest.mark.parametrize("tiny", [1, 2, 3, 4])
def test_tiny_classes_are_held_out_too(tiny: int):
    features, scores, clusters = shop(60, 0)
    few = features["customer_id"][:tiny]
    rare = clusters["customer_id"].isin(few) & (clusters["clustering"] == "consumption")
    clusters.loc[rare, "cluster_name"] = "rare"
    predictions = predict_held_out(features, scores, clusters, seed=0)
    actual = predictions[(predictions["target"] == "consumption") & (predictions["actual"] == "rare")]
    assert sorted(actual["customer_id"]) == sorted(few)
    # folds are drawn by palette group: the rare ones of one behaviour are in different folds
    groups = actual["customer_id"].str.split("-").str[0]
    assert not pd.DataFrame({"group": groups, "fold": actual["fold"]}).duplicated().any()
    folds = predictions.drop_duplicates("customer_id").groupby("fold").size()
    assert (folds == 12).all()


@pytest.mark.parametrize(("customers", "folds"), [(1, []), (2, [1, 2]), (3, [1, 2, 3]), (7, [1, 2, 3, 4, 5])])
def test_held_out_prediction_of_few_customers(customers: int, folds: list[int]):
    tables = shop(customers, 2)
    predictions = predict_held_out(*tables, seed=0)
    assert sorted(predictions["fold"].unique()) == folds
    assert len(groups_of(*tables, seed=0)) == customers + 2


def test_metrics_worked_by_hand():
    # a: 3 of 4 right, b: 1 of 2. F1 of a: 2 x 3 / (4 + 4), of b: 2 x 1 / (2 + 2)
    metrics = prediction_metrics(predictions_of(("a", "a", 3), ("a", "b", 1), ("b", "b", 1), ("b", "a", 1)))
    assert metrics.set_index("metric")["value"].to_dict() == {
        "accuracy": pytest.approx(4 / 6, abs=1e-6),
        "macro_f1": pytest.approx((0.75 + 0.5) / 2),
        "majority_baseline": pytest.approx(4 / 6, abs=1e-6),
    }
    assert typed(metrics, METRICS_SCHEMA).num_rows == 3


def test_macro_f1_counts_a_class_that_is_never_predicted_as_0():
    # F1 of a: 2 x 3 / (3 + 4), of b: 0
    metrics = prediction_metrics(predictions_of(("a", "a", 3), ("b", "a", 1))).set_index("metric")["value"]
    assert metrics["macro_f1"] == pytest.approx(6 / 7 / 2, abs=1e-6)


def test_confusion_counts_customers_by_actual_and_predicted():
    confusion = prediction_confusion(predictions_of(("b", "a", 2), ("a", "a", 3), ("b", "b", 1)))
    assert typed(confusion, CONFUSION_SCHEMA).num_rows == 3
    assert confusion[["actual", "predicted", "customers"]].to_numpy().tolist() == [
        ["a", "a", 3],
        ["b", "a", 2],
        ["b", "b", 1],
    ]


def test_confusion_adds_up_to_the_customers_of_each_target():
    predictions = predict_held_out(*shop(60, 5), seed=0)
    confusion = prediction_confusion(predictions)
    assert confusion.groupby("target")["customers"].sum().to_dict() == {
        "behaviour": 60,
        "consumption": 60,
        "palette_group": 60,
    }
