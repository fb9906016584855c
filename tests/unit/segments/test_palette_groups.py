from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from palette_shop import RETAILER, forests_of, groups_of, importances_of, shop
from pandas.testing import assert_frame_equal

from palette.core.learned import table
from palette.core.tables import typed
from palette.segments.clusterings import BEHAVIOUR
from palette.segments.held_out import (
    CONFUSION_SCHEMA,
    METRICS_SCHEMA,
    PREDICTION_SCHEMA,
    predict_held_out,
    prediction_confusion,
    prediction_metrics,
)
from palette.segments.importances import (
    IMPORTANCES_SCHEMA,
    PREDICTION_IMPORTANCES_SCHEMA,
    prediction_importances,
    separation,
)
from palette.segments.palette_groups import (
    EXPLANATION_SCHEMA,
    PALETTE_SCHEMA,
    explain,
    fit_forests,
    predict,
    purchase_features,
    read_forests,
)

SEEDS = Path(__file__).parents[3] / "seeds" / "segments"


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


def test_one_class_is_predicted_for_sure():
    features, scores, clusters = shop(12, 3)
    palette = groups_of(features, scores, clusters.assign(cluster_name="all"), seed=0)
    assert set(palette["palette_group"]) == {"all / all"}
    assert (palette["probability"] == 1).all()
    assert palette["is_predicted"].sum() == 3


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
