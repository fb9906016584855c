from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.ensemble import ExtraTreesClassifier

from palette.core.learned import table
from palette.core.tables import typed
from palette.segments import palette as module
from palette.segments.clusterings import BEHAVIOUR, CONSUMPTION, Clustering
from palette.segments.clusters import CLUSTERS_SCHEMA
from palette.segments.palette import (
    CONFUSION_SCHEMA,
    EXPLANATION_SCHEMA,
    FOLDS,
    IMPORTANCES_SCHEMA,
    METRICS_SCHEMA,
    PALETTE_SCHEMA,
    PREDICTION_IMPORTANCES_SCHEMA,
    PREDICTION_SCHEMA,
    Forest,
    Forests,
    explain,
    fit_forests,
    predict,
    predict_groups,
    predict_held_out,
    prediction_confusion,
    prediction_importances,
    prediction_metrics,
    purchase_features,
    read_forests,
    separation,
)

SEEDS = Path(__file__).parents[3] / "seeds" / "segments"
RETAILER = "mall"
BEHAVIOURS = ("weekend", "weekday")
TASTES = ("food", "home", "play")
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


@pytest.fixture(autouse=True)
def _small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grow fewer trees: what holds for 20 holds for 60."""
    monkeypatch.setattr(module, "TREES", 20)


def shop(clustered: int = 240, others: int = 60, seed: int = 0, retailer: str = RETAILER) -> Tables:
    """Features, category scores and clusters of customers whose purchases tell most of their groups.

    A customer's behaviour is the first part of the id, their taste the second: `weekend-food-007`. The last
    `others` buy offline only and have no clusters.
    """
    rng = np.random.default_rng(seed)
    count = clustered + others
    kinds = [(BEHAVIOURS[row % 2], TASTES[row % 3]) for row in range(count)]
    ids = [f"{behaviour}-{taste}-{row:03}" for row, (behaviour, taste) in enumerate(kinds)]
    is_weekend = np.array([behaviour == "weekend" for behaviour, _ in kinds])
    r_weekend = rng.beta(np.where(is_weekend, 5, 2), np.where(is_weekend, 2, 5))
    hours = rng.dirichlet([1, 6, 3], count)
    features = pd.DataFrame(
        {
            "retailer": retailer,
            "customer_id": ids,
            "channel_group": ["both"] * clustered + ["offline_only"] * others,
            "r_weekday": 1 - r_weekend,
            "r_weekend": r_weekend,
            "r_dawn": hours[:, 0],
            "r_afternoon": hours[:, 1],
            "r_dinner": hours[:, 2],
            "offline_vitality": rng.lognormal(5, 1, count),
            "online_vitality": 0.0,
            "purchase_vitality": rng.lognormal(6, 1, count),
            "recency_days": rng.integers(0, 91, count),
            "frequency": rng.integers(1, 20, count),
            "monetary": rng.lognormal(11, 1, count),
        }
    )
    liked = np.array([[4.0 if name == taste else 1.0 for name in TASTES] for _, taste in kinds])
    units = rng.gamma(liked)
    scores = (
        pd.DataFrame(units / units.sum(axis=1, keepdims=True), columns=["Food", "Kitchen", "Sports"])
        .assign(retailer=retailer, customer_id=ids)
        .melt(["retailer", "customer_id"], var_name="super_category", value_name="unit_share")
    )
    return features, scores, clusters_of(ids[:clustered], retailer)


def clusters_of(ids: list[str], retailer: str = RETAILER) -> pd.DataFrame:
    """Give customers the clusters that their ids tell."""
    rows = [
        (retailer, clustering, customer, customer.split("-")[part], 0.5, 0.0, 0.0, 0.0)
        for part, clustering in enumerate(("behaviour", "consumption"))
        for customer in ids
    ]
    return pd.DataFrame(rows, columns=CLUSTERS_SCHEMA.names)


def forests_of(tables: Tables) -> Forests:
    features, scores, clusters = tables
    return fit_forests(purchase_features(features, scores), clusters, seed=0)[RETAILER]


def groups_of(
    features: pd.DataFrame, scores: pd.DataFrame, clusters: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    forests = fit_forests(purchase_features(features, scores), clusters, seed=seed)
    return predict_groups(features, scores, clusters, forests)


def importances_of(
    features: pd.DataFrame, scores: pd.DataFrame, clusters: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    return prediction_importances(fit_forests(purchase_features(features, scores), clusters, seed=seed))


def held_out(*rows: tuple[str, str, int], target: str = "behaviour") -> pd.DataFrame:
    """Make predictions: actual, predicted, number of customers."""
    pairs = [(actual, predicted) for actual, predicted, number in rows for _ in range(number)]
    return pd.DataFrame(
        [
            (RETAILER, f"{row:03}", target, 1 + row % FOLDS, actual, predicted)
            for row, (actual, predicted) in enumerate(pairs)
        ],
        columns=PREDICTION_SCHEMA.names,
    )


def test_purchase_features_are_those_that_purchases_alone_tell():
    features, scores, _ = shop(2, 0)
    one = scores[scores["customer_id"] != "weekday-home-001"]
    purchases = purchase_features(features.iloc[::-1], one)
    assert purchases.columns.tolist() == [
        "retailer",
        "customer_id",
        "r_weekend",
        "r_dawn",
        "r_afternoon",
        "r_dinner",
        "purchase_vitality",
        "recency_days",
        "frequency",
        "monetary",
        "Food",
        "Kitchen",
        "Sports",
    ]
    assert purchases["customer_id"].tolist() == ["weekday-home-001", "weekend-food-000"]
    assert purchases.loc[0, ["Food", "Kitchen", "Sports"]].tolist() == [0, 0, 0]
    assert purchases.loc[1, ["Food", "Kitchen", "Sports"]].sum() == pytest.approx(1)


def test_clustered_customers_keep_their_group_and_the_others_are_predicted():
    features, scores, clusters = shop(240, 60)
    palette = groups_of(features, scores, clusters, seed=0).set_index("customer_id")
    assert typed(palette.reset_index(), PALETTE_SCHEMA).num_rows == 300
    known = features["customer_id"][:240]
    assert not palette.loc[known, "is_predicted"].any()
    assert (palette.loc[known, "probability"] == 1).all()
    parts = known.str.split("-", expand=True)
    assert palette.loc[known, "palette_group"].tolist() == (parts[0] + " / " + parts[1]).tolist()
    others = palette.loc[features["customer_id"][240:]]
    assert others["is_predicted"].all()
    assert others["probability"].between(1 / 6, 1).all()
    assert (others["palette_group"] == others["behaviour"] + " / " + others["consumption"]).all()
    right = others.index.str.split("-").str[1] == others["consumption"]
    assert right.mean() > 0.6


def test_whoever_appeared_after_the_clustering_is_predicted_whatever_the_channel():
    features, scores, clusters = shop(120, 0)
    late = features["customer_id"][:7].tolist()
    palette = groups_of(features, scores, clusters[~clusters["customer_id"].isin(late)], seed=0)
    assert palette.loc[palette["is_predicted"], "customer_id"].tolist() == sorted(late)


def test_a_customer_with_one_of_the_two_clusters_is_predicted():
    features, scores, clusters = shop(60, 0)
    palette = groups_of(features, scores, clusters.drop(index=0), seed=0)
    assert palette.loc[palette["is_predicted"], "customer_id"].tolist() == [clusters["customer_id"][0]]


def test_probability_is_that_of_behaviour_times_that_of_consumption():
    features, scores, clusters = shop(240, 5)
    forests = forests_of((features, scores, clusters))
    purchases = purchase_features(features.tail(1), scores)
    points = purchases[list(forests.features)].to_numpy(dtype=float)
    heavy = [forests.features.index(name) for name in ("purchase_vitality", "recency_days")]
    heavy += [forests.features.index(name) for name in ("frequency", "monetary")]
    points[:, heavy] = np.log1p(points[:, heavy])
    best = [forest.probabilities(points).max() for forest in (forests.behaviour, forests.consumption)]
    assert predict(forests, purchases)["probability"].tolist() == [pytest.approx(np.prod(best), abs=1e-6)]


@pytest.mark.parametrize("sample", [5_000, 50], ids=["all", "a sample a tree"])
def test_a_forest_says_what_scikit_learns_says(monkeypatch: pytest.MonkeyPatch, sample: int):
    monkeypatch.setattr(module, "TREE_SAMPLE", sample)
    grown = []

    class Kept(ExtraTreesClassifier):
        def fit(self, *given):
            grown.append(self)
            return super().fit(*given)

    monkeypatch.setattr(module, "ExtraTreesClassifier", Kept)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 4))
    labels = pd.Series(np.where(points[:, 0] > 0, "right", np.where(points[:, 1] > 0, "up", "down")))
    forest = Forest.grow(points, labels, seed=0)
    (fitted,) = grown
    others = rng.normal(size=(200, 4))
    assert forest.classes == ("down", "right", "up")
    assert np.allclose(forest.probabilities(others), fitted.predict_proba(others), rtol=0, atol=1e-12)
    assert forest.importances == pytest.approx(fitted.feature_importances_)
    assert forest.likeliest(others)[0].tolist() == [forest.classes[code] for code in fitted.predict(others)]
    assert forest.probabilities(others[:0]).shape == (0, 3)


def test_splits_that_are_of_no_use_have_no_importance():
    # every split leaves as many of each class on either side
    forest = Forest.grow(
        np.array([[0.0], [0], [0], [0], [1], [1], [1], [1]]), pd.Series(list("abab" * 2)), seed=0
    )
    assert forest.importances.tolist() == [0.0]
    assert forest.probabilities(np.array([[0.0], [1.0]])) == pytest.approx(np.full((2, 2), 0.5))


def test_forests_that_were_kept_say_the_same():
    features, scores, clusters = shop(60, 20)
    purchases = purchase_features(features, scores)
    forests = fit_forests(purchases, clusters, seed=0)
    kept = read_forests(table({(key, "palette"): each.learned() for key, each in forests.items()}))
    assert_frame_equal(predict(kept[RETAILER], purchases), predict(forests[RETAILER], purchases))
    assert_frame_equal(explain(kept[RETAILER], purchases), explain(forests[RETAILER], purchases))
    assert_frame_equal(prediction_importances(kept), prediction_importances(forests))


def test_group_prediction_does_not_depend_on_the_order_of_rows():
    features, scores, clusters = shop()
    expected = groups_of(features, scores, clusters, seed=0)
    shuffled = [table.sample(frac=1, random_state=3) for table in (features, scores, clusters)]
    assert_frame_equal(groups_of(*shuffled, seed=0), expected)
    assert_frame_equal(
        predict_held_out(*shuffled, seed=0), predict_held_out(features, scores, clusters, seed=0)
    )
    assert_frame_equal(importances_of(*shuffled, seed=0), importances_of(features, scores, clusters, seed=0))


@pytest.mark.slow
def test_retailers_are_predicted_apart():
    north, south = shop(60, 9, retailer="north"), shop(80, 9, seed=1, retailer="south")
    both = [pd.concat(tables) for tables in zip(south, north, strict=True)]
    for function in (groups_of, predict_held_out, importances_of):
        expected = [function(*tables, seed=0) for tables in (north, south)]
        assert_frame_equal(function(*both, seed=0), pd.concat(expected, ignore_index=True))


def test_a_retailer_without_clustered_customers_has_no_rows():
    mall, kiosk = shop(60, 0), shop(0, 30, retailer="kiosk")
    both = [pd.concat(tables) for tables in zip(mall, kiosk, strict=True)]
    for function in (groups_of, predict_held_out, importances_of):
        assert set(function(*both, seed=0)["retailer"]) == {"mall"}
        assert function(*kiosk, seed=0).empty


def test_no_customers_give_empty_typed_tables():
    nobody = [table.iloc[:0] for table in shop(6, 0)]
    assert typed(groups_of(*nobody, seed=0), PALETTE_SCHEMA).num_rows == 0
    predictions = predict_held_out(*nobody, seed=0)
    assert typed(predictions, PREDICTION_SCHEMA).num_rows == 0
    assert typed(prediction_metrics(predictions), METRICS_SCHEMA).num_rows == 0
    assert typed(prediction_confusion(predictions), CONFUSION_SCHEMA).num_rows == 0
    importances = importances_of(*nobody, seed=0)
    assert typed(importances, PREDICTION_IMPORTANCES_SCHEMA).num_rows == 0
    separated = separation(nobody[0], nobody[2], BEHAVIOUR, seed=0)
    assert typed(separated, IMPORTANCES_SCHEMA).num_rows == 0


def test_predicting_and_explaining_nobody_gives_empty_tables():
    features, scores, clusters = shop(30, 0)
    nobody = purchase_features(features.iloc[:0], scores)
    forests = forests_of((features, scores, clusters))
    assert typed(predict(forests, nobody), PALETTE_SCHEMA).num_rows == 0
    assert typed(explain(forests, nobody), EXPLANATION_SCHEMA).num_rows == 0


def test_newcomers_may_lack_categories_and_bring_unknown_ones():
    features, scores, clusters = shop(120, 0)
    forests = forests_of((features, scores, clusters))
    newcomers = features.tail(4)
    renamed = scores.replace({"super_category": {"Kitchen": "Spaceships"}})
    predicted = predict(forests, purchase_features(newcomers, renamed))
    assert "Spaceships" not in forests.features
    assert typed(predicted, PALETTE_SCHEMA).num_rows == 4
    without = scores[scores["super_category"] != "Kitchen"]
    assert_frame_equal(predict(forests, purchase_features(newcomers, without)), predicted)


def test_categories_that_no_clustered_customer_bought_are_no_features():
    features, scores, clusters = shop(30, 6)
    rare = scores["customer_id"].isin(features["customer_id"][30:]) & (scores["super_category"] == "Food")
    scores.loc[rare, "super_category"] = "Rare"
    assert "Rare" not in forests_of((features, scores, clusters)).features


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
    monkeypatch.setattr(module, "JUDGED", 50)
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


def test_one_class_is_predicted_for_sure():
    features, scores, clusters = shop(12, 3)
    palette = groups_of(features, scores, clusters.assign(cluster_name="all"), seed=0)
    assert set(palette["palette_group"]) == {"all / all"}
    assert (palette["probability"] == 1).all()
    assert palette["is_predicted"].sum() == 3


def test_metrics_worked_by_hand():
    # a: 3 of 4 right, b: 1 of 2. F1 of a: 2 x 3 / (4 + 4), of b: 2 x 1 / (2 + 2)
    metrics = prediction_metrics(held_out(("a", "a", 3), ("a", "b", 1), ("b", "b", 1), ("b", "a", 1)))
    assert metrics.set_index("metric")["value"].to_dict() == {
        "accuracy": pytest.approx(4 / 6, abs=1e-6),
        "macro_f1": pytest.approx((0.75 + 0.5) / 2),
        "majority_baseline": pytest.approx(4 / 6, abs=1e-6),
    }
    assert typed(metrics, METRICS_SCHEMA).num_rows == 3


def test_macro_f1_counts_a_class_that_is_never_predicted_as_0():
    # F1 of a: 2 x 3 / (3 + 4), of b: 0
    metrics = prediction_metrics(held_out(("a", "a", 3), ("b", "a", 1))).set_index("metric")["value"]
    assert metrics["macro_f1"] == pytest.approx(6 / 7 / 2, abs=1e-6)


def test_confusion_counts_customers_by_actual_and_predicted():
    confusion = prediction_confusion(held_out(("b", "a", 2), ("a", "a", 3), ("b", "b", 1)))
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


def test_explain_names_important_features_in_which_a_customer_stands_out():
    tables = shop(240, 3)
    forests = forests_of(tables)
    purchases = purchase_features(tables[0].tail(3), tables[1])
    explained = explain(forests, purchases)
    assert typed(explained, EXPLANATION_SCHEMA).num_rows == 9
    assert explained["leading_rank"].tolist() == [1, 2, 3] * 3
    weights = pd.Series(forests.importances("palette_group"), forests.features)
    strength = explained["deviation"].abs() * explained["feature"].map(weights)
    for _, rows in strength.groupby(explained["customer_id"]):
        assert rows.is_monotonic_decreasing
    for row in explained.itertuples():
        own = purchases.set_index("customer_id").loc[row.customer_id, row.feature]
        assert row.value == pytest.approx(own)


def test_explain_measures_deviations_of_logarithms_where_tails_are_heavy():
    features, scores, clusters = shop(30, 0)
    forests = forests_of((features, scores, clusters))
    everything = explain(forests, purchase_features(features, scores), leading=99)
    assert len(everything) == 30 * 11
    logs = np.log1p(features.set_index("customer_id")["monetary"])
    expected = (logs - logs.mean()) / logs.std(ddof=0)
    found = everything[everything["feature"] == "monetary"].set_index("customer_id")["deviation"]
    assert found.tolist() == pytest.approx(expected[found.index].tolist(), abs=1e-6)


def test_explain_of_a_feature_that_never_varies_is_no_deviation():
    features, scores, clusters = shop(30, 0)
    forests = forests_of((features.assign(frequency=3), scores, clusters))
    everything = explain(forests, purchase_features(features.assign(frequency=3), scores), leading=99)
    assert (everything.loc[everything["feature"] == "frequency", "deviation"] == 0).all()


def test_decimals_of_the_warehouse_are_numbers():
    features, scores, clusters = shop(30, 3)
    exact = features.assign(monetary=[Decimal(f"{amount:.4f}") for amount in features["monetary"]])
    rounded = features.assign(monetary=features["monetary"].round(4))
    assert_frame_equal(
        groups_of(exact, scores, clusters, seed=0), groups_of(rounded, scores, clusters, seed=0)
    )


def test_seed_describes_the_twelve_palette_groups():
    groups = pd.read_csv(SEEDS / "palette_groups.csv")
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    usual = archetypes[
        archetypes["from_k"] <= archetypes["clustering"].map({"behaviour": 4, "consumption": 3})
    ]
    names = usual.groupby("clustering")["cluster_name"].unique()
    expected = {f"{one} / {other}" for one in names["behaviour"] for other in names["consumption"]}
    assert len(groups) == 12
    assert set(groups["palette_group"]) == expected
    assert (groups["palette_group"] == groups["behaviour"] + " / " + groups["consumption"]).all()
    assert groups.notna().all(axis=None)
    for column in ("name_en", "name_ko"):
        assert groups[column].is_unique, column
