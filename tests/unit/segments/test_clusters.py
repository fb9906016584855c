import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import adjusted_rand_score
from small_clusters import (
    BLOBS,
    CORNER_NAMES,
    CORNERS,
    LINE,
    PLANE,
    SEEDS,
    TILTED,
    assigned,
    clustered,
    corners,
    line_names,
    measured,
    omnichannel,
    on_line,
    on_plane,
)

from palette.core.tables import typed
from palette.segments import fits
from palette.segments.clusterings import BEHAVIOUR, KEYS, ONE_CHANNEL, RFM, populations
from palette.segments.clusters import (
    CENTRES_SCHEMA,
    CLUSTERS_SCHEMA,
    COMPONENTS_SCHEMA,
    DIAGNOSTICS_SCHEMA,
    ArchetypeError,
    assign,
    centres,
    components,
    name_clusters,
)
from palette.segments.fits import fit


def test_assign_names_separated_blobs():
    clusters = corners(BLOBS)
    assert typed(clusters, CLUSTERS_SCHEMA).num_rows == 12
    assert set(clusters["clustering"]) == {"plane"}
    for customer, name in zip(clusters["customer_id"], clusters["cluster_name"], strict=True):
        assert name == CORNERS[customer[0]][2]


@pytest.mark.slow
def test_assign_names_do_not_depend_on_seed_or_row_order():
    expected = corners(BLOBS)
    for seed in range(10):
        shuffled = BLOBS.sample(frac=1, random_state=seed)
        assert_frame_equal(corners(shuffled, seed), expected)


def test_assign_names_are_one_to_one():
    # all centroids of the four pairs lie nearest to "middle" or to one of the ends
    features = on_line(0, 0.1, 4, 4.1, 5, 5.1, 9, 9.1)
    names = line_names(("middle", 2, 0.0), ("low", 2, -9.0), ("high", 2, 9.0), ("top", 4, 9.5))
    clusters = assigned(features, LINE, 4, names)
    pairs = clusters["cluster_name"].to_numpy().reshape(4, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()
    assert pairs[:, 0].tolist() == ["low", "middle", "high", "top"]


def test_assign_measures_the_distance_to_the_centroid():
    # two distinct customers are one cluster: the centroid is 0, the distances are the standardised values
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0))
    clusters = assigned(on_line(0, 0, 3), LINE, 2, names)
    assert clusters["distance_to_centroid"].tolist() == [0.707107, 0.707107, 1.414214]
    assert clusters["cluster_name"].nunique() == 1


def test_assign_gives_every_retailer_its_own_clusters():
    north, south = on_line(0, 0.1, 9, retailer="north"), on_line(9, 9.1, 20, 20.1, retailer="south")
    features = pd.concat([south, north])
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0))
    clusters = assigned(features, LINE, 2, names)
    assert clusters["retailer"].tolist() == ["north"] * 3 + ["south"] * 4
    assert clusters["cluster_name"].tolist() == ["low", "low", "high", "low", "low", "high", "high"]


def test_assign_names_a_single_customer_after_the_nearest_archetype_for_two_clusters():
    # one customer is at 0 on every axis; "exact" needs three clusters
    features = on_line(3)
    names = line_names(("far", 2, -0.9), ("near", 2, 0.8), ("exact", 3, 0.0))
    clusters = assigned(features, LINE, 2, names)
    assert typed(clusters, CLUSTERS_SCHEMA).to_pylist() == [
        {
            "retailer": "shop",
            "clustering": "line",
            "customer_id": "000",
            "cluster_name": "near",
            "distance_to_centroid": 0.0,
            "component_1": 0.0,
            "component_2": 0.0,
            "silhouette": None,
        }
    ]


def test_assign_takes_archetypes_of_its_own_clustering_only():
    features = on_line(0, 0.1, 9, 9.1)
    names = line_names(("low", 2, -1.5), ("high", 2, 1.5))
    others = line_names(("other low", 2, -1.0), ("other high", 2, 1.0)).assign(clustering="plane")
    clusters = assigned(features, LINE, 2, pd.concat([others, names]))
    assert clusters["cluster_name"].tolist() == ["low", "low", "high", "high"]


def test_assign_refuses_more_clusters_than_names():
    features = on_line(0, 0.1, 5, 5.1, 9, 9.1)
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0), ("middle", 4, 0.0))
    message = "^3 clusters but 2 archetypes with from_k up to 3: .*cluster_archetypes.csv$"
    with pytest.raises(ArchetypeError, match=message):
        assigned(features, LINE, 3, names)


def test_assign_places_customers_on_the_components_of_the_standardised_columns():
    clusters = assigned(on_plane(TILTED), PLANE, 2, CORNER_NAMES)
    assert clusters["component_1"].tolist() == pytest.approx([1.414214] * 3 + [0] + [-1.414214] * 3 + [0])
    assert clusters["component_2"].tolist() == pytest.approx([0] * 3 + [1.414214] + [0] * 3 + [-1.414214])


def test_assign_has_no_second_component_on_a_line():
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0))
    clusters = assigned(on_line(0, 1, 2), LINE, 2, names)
    assert clusters["component_1"].tolist() == [-1.224745, 0.0, 1.224745]
    assert clusters["component_2"].tolist() == [0.0, 0.0, 0.0]


def test_components_tell_what_a_place_is_made_of():
    found = components(fit(on_plane(TILTED), PLANE, k=2, seed=0))
    assert typed(found, COMPONENTS_SCHEMA).to_pydict() == {
        "retailer": ["shop"] * 4,
        "clustering": ["plane"] * 4,
        "component": [1, 1, 2, 2],
        "feature": ["x", "y", "x", "y"],
        "loading": [0.707107, 0.707107, 0.707107, -0.707107],
        "variance_share": [0.75, 0.75, 0.25, 0.25],
    }


@pytest.mark.slow
def test_components_do_not_depend_on_the_order_of_rows_and_keep_retailers_apart():
    features, scores, _ = omnichannel(3)
    alone = populations(features, features, scores)
    shop = features.assign(retailer="shop", monetary=features["monetary"] ** 2)
    both, all_scores = pd.concat([shop, features]), pd.concat([scores.assign(retailer="shop"), scores])
    shuffled = both.sample(frac=1, random_state=0)
    together = populations(shuffled, shuffled, all_scores)
    for (clustering, rows), (_, more) in zip(alone, together, strict=True):
        found = components(fit(more, clustering, k=2, seed=0))
        mall = found[found["retailer"] == "mall"].reset_index(drop=True)
        assert_frame_equal(mall, components(fit(rows, clustering, k=2, seed=0)))
        assert set(found["retailer"]) == {"mall", "shop"}


def test_components_of_no_customers_are_an_empty_table():
    assert typed(components({}), COMPONENTS_SCHEMA).num_rows == 0


def test_centres_compare_a_cluster_with_everybody():
    # standardised -a, 0, a with a^2 = 1.5; x is 0, e - 1, e^2 - 1
    clusters = on_line(0, 1, 2)[KEYS].assign(clustering="line", cluster_name=["low", "low", "high"])
    others = clusters.assign(clustering="plane", cluster_name="everybody")
    features = on_line(0, 1, 2)
    found = centres(features, pd.concat([others, clusters]), LINE, fit(features, LINE, k=2, seed=0))
    assert typed(found, CENTRES_SCHEMA).to_pydict() == {
        "retailer": ["shop", "shop"],
        "clustering": ["line", "line"],
        "cluster_name": ["high", "low"],
        "feature": ["x", "x"],
        "mean": [6.389056, 0.859141],
        "overall_mean": [2.702446, 2.702446],
        "standardised_mean": [1.224745, -0.612372],
    }


def test_centres_have_a_row_for_each_cluster_and_feature_whatever_the_order():
    clusters = corners(BLOBS)
    fits = fit(BLOBS, PLANE, k=4, seed=0)
    found = centres(BLOBS, clusters, PLANE, fits)
    assert list(zip(found["cluster_name"], found["feature"], strict=True)) == [
        (name, feature) for name in ("large", "small", "tall", "wide") for feature in ("x", "y")
    ]
    small = found[found["cluster_name"] == "small"].set_index("feature")["standardised_mean"]
    assert (small < -0.9).all()
    shuffled = BLOBS.sample(frac=1, random_state=0), clusters.sample(frac=1, random_state=1)
    assert_frame_equal(centres(*shuffled, PLANE, fits), found)


def test_centres_keep_retailers_apart():
    north, south = on_line(0, 1, retailer="north"), on_line(5, 9, retailer="south")
    features = pd.concat([south, north])
    clusters = features[KEYS].assign(clustering="line", cluster_name="all")
    found = centres(features, clusters, LINE, fit(features, LINE, k=2, seed=0)).set_index("retailer")
    assert found["mean"].to_dict() == {"north": 0.859141, "south": round(np.expm1([5, 9]).mean(), 6)}
    assert found["standardised_mean"].to_dict() == {"north": 0.0, "south": 0.0}


def test_centres_of_no_customers_are_an_empty_table():
    assert typed(centres(BLOBS.iloc[:0], corners(BLOBS.iloc[:0]), PLANE, {}), CENTRES_SCHEMA).num_rows == 0


def test_assign_of_no_customers_is_an_empty_table():
    clusters = corners(BLOBS.iloc[:0])
    assert clusters.columns.tolist() == CLUSTERS_SCHEMA.names
    assert typed(clusters, CLUSTERS_SCHEMA).num_rows == 0


@pytest.mark.parametrize(
    ("centroids", "expected"),
    [
        # both are nearest to A: 0.04 + 9 is less than 0.64 + 16
        ((1.0, 2.0), ["A", "B"]),
        # the first one's nearest is A, yet A goes to the second
        ((2.0, 1.0), ["B", "A"]),
        # 4.9 and B are the closest pair of all (0.01 + 46.24), but 13.69 + 9 is less
        ((4.9, 8.0), ["A", "B"]),
    ],
)
def test_name_clusters_takes_the_least_total_distance(centroids: tuple[float, float], expected: list[str]):
    names = line_names(("A", 2, 1.2), ("B", 2, 5.0))
    assert name_clusters(np.array(centroids).reshape(2, 1), names, LINE.columns) == expected


def test_name_clusters_reads_features_by_name():
    # "tall" is x -1, y 1; "wide" is x 1, y -1
    centroids = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert name_clusters(centroids, CORNER_NAMES, ("y", "x")) == ["tall", "wide"]
    assert name_clusters(centroids, CORNER_NAMES, PLANE.columns) == ["wide", "tall"]


def test_name_clusters_skips_what_an_archetype_does_not_list():
    # "flat" says nothing of x and is at 0 from both centroids; "wide" is at 0 and at 64 from them
    names = pd.DataFrame(
        [("plane", "flat", 2, "y", -2.0), ("plane", "wide", 2, "x", 1.0), ("plane", "wide", 2, "y", -2.0)],
        columns=["clustering", "cluster_name", "from_k", "feature", "centroid"],
    )
    assert name_clusters(np.array([[1.0, -2.0], [9.0, -2.0]]), names, PLANE.columns) == ["wide", "flat"]
    assert name_clusters(np.array([[9.0, -2.0], [1.0, -2.0]]), names, PLANE.columns) == ["flat", "wide"]


def test_name_clusters_skips_features_that_the_clustering_does_not_have():
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0))
    elsewhere = names.assign(feature="z", centroid=[99.0, -99.0])
    assert name_clusters(np.array([[1.0], [-1.0]]), pd.concat([names, elsewhere]), ("x",)) == ["high", "low"]


def test_behaviour_and_consumption_find_and_name_the_types_that_are_there():
    features, scores, truth = omnichannel()
    found = clustered(features, scores)
    for name in ("behaviour", "consumption"):
        assert adjusted_rand_score(truth[name], found[name][truth.index]) > 0.7
        assert (truth[name] == found[name]).mean() > 0.85


@pytest.mark.slow
def test_behaviour_and_consumption_keep_their_names_over_seeds_and_samples(monkeypatch):
    monkeypatch.setattr(fits, "CANDIDATES", range(2, 5))
    features, scores, _ = omnichannel()
    before = clustered(features, scores)
    for seed in range(1, 10):
        kept = features.sample(frac=0.9, random_state=seed)
        for rows in (features, kept):
            after = clustered(rows, scores, seed)
            for name in ("behaviour", "consumption"):
                assert (after[name] == before[name][after[name].index]).mean() > 0.95


def test_every_clustering_has_diagnostics_of_one_form():
    features, scores, _ = omnichannel(2)
    for clustering, rows in populations(features, features, scores):
        found = measured(rows, "auto", clustering)
        assert set(found["clustering"]) == {clustering.name}
        assert found["k"].tolist() == list(range(2, 11))
        assert typed(found, DIAGNOSTICS_SCHEMA).num_rows == 9


def test_names_of_one_channel_say_nothing_of_channels():
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    own = archetypes[archetypes["clustering"] == ONE_CHANNEL.archetypes]
    names = set(own["cluster_name"])
    assert len(names) == 10
    assert not [name for name in names if "line" in name or "channel" in name]
    assert set(own["feature"]) <= set(ONE_CHANNEL.columns)
    assert (own.groupby("cluster_name")["feature"].nunique() == own["feature"].nunique()).all()
    described = pd.read_csv(SEEDS / "cluster_names.csv")
    assert names <= set(described.loc[described["clustering"] == "behaviour", "cluster_name"])
    claims = pd.read_csv(SEEDS / "cluster_claims.csv")
    assert names <= set(claims.loc[claims["clustering"] == "behaviour", "cluster_name"])


@pytest.mark.parametrize("clustering", ["behaviour", "consumption"])
def test_seed_names_every_number_of_clusters(clustering: str):
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    own = archetypes[archetypes["clustering"] == clustering]
    for k in range(2, 11):
        assert own.loc[own["from_k"] <= k, "cluster_name"].nunique() == k
    # what one archetype lists and another does not would count for one of them only
    listed = own.groupby("cluster_name")["feature"].agg(lambda names: tuple(sorted(names)))
    assert listed.nunique() == 1
    assert own["centroid"].notna().all()
    names = pd.read_csv(SEEDS / "cluster_names.csv")
    described = names[names["clustering"] == clustering]
    assert set(own["cluster_name"]) <= set(described["cluster_name"])
    assert described.notna().all(axis=None)


def test_seed_archetypes_of_behaviour_and_consumption_lie_on_known_features():
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    features = archetypes.groupby("clustering")["feature"].agg(set)
    categories = pd.read_csv(SEEDS.parent / "core" / "super_categories.csv")
    lpoint = categories.loc[categories["preset"] == "lpoint", "super_category"]
    assert features["behaviour"] <= set(BEHAVIOUR.columns)
    assert features["consumption"] == set(lpoint)


def test_seed_names_every_number_of_rfm_clusters():
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    rfm = archetypes[archetypes["clustering"] == RFM.name]
    for k in range(2, 11):
        usable = rfm[rfm["from_k"] <= k]
        assert usable["cluster_name"].nunique() == k
    for name, rows in rfm.groupby("cluster_name"):
        assert sorted(rows["feature"]) == sorted(RFM.columns), name
        assert rows["from_k"].nunique() == 1, name
    assert rfm["centroid"].notna().all()
    names = pd.read_csv(SEEDS / "cluster_names.csv")
    assert set(rfm["cluster_name"]) <= set(names.loc[names["clustering"] == RFM.name, "cluster_name"])


def test_the_silhouette_of_a_customer_compares_the_own_cluster_with_the_next():
    # 0 and 1 against 9 and 10: the inner ones are 1 from their own and 8.5 from the others on average
    features = on_line(0, 1, 9, 10)
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0))
    clusters = assigned(features, LINE, 2, names)
    assert clusters["silhouette"].round(3).tolist() == [0.895, 0.882, 0.882, 0.895]
    few = assign(features, LINE, fit(features, LINE, k=2, seed=0, silhouette_sample=1), names)
    assert few["silhouette"].notna().sum() <= 3
