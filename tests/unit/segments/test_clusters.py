from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score

from palette.core.learned import table
from palette.core.tables import typed
from palette.segments import clusters as module
from palette.segments.clusters import (
    BEHAVIOUR,
    CENTRES_SCHEMA,
    CLUSTERS_SCHEMA,
    COMPONENTS_SCHEMA,
    CONSUMPTION,
    DIAGNOSTICS_SCHEMA,
    DRAWS,
    KEYS,
    ONE_CHANNEL,
    RFM,
    ArchetypeError,
    Clustering,
    Fit,
    assign,
    centres,
    components,
    diagnostics,
    fit,
    k_means,
    name_clusters,
    populations,
    principal_components,
    read_fits,
    silhouettes,
    standardised,
    wide,
)

SEEDS = Path(__file__).parents[3] / "seeds" / "segments"
LINE = Clustering("line", ("x",))
PLANE = Clustering("plane", ("x", "y"))

# Four blobs of three customers; the letter of a customer is its blob.
CORNERS = {
    "a": (1, 1, "small"),
    "b": (1, 5, "tall"),
    "c": (5, 1, "wide"),
    "d": (5, 5, "large"),
}
BLOBS = pd.DataFrame(
    [
        ("shop", f"{blob}{number}", np.expm1(x + shift), np.expm1(y - shift))
        for blob, (x, y, _) in CORNERS.items()
        for number, shift in enumerate((-0.1, 0.0, 0.2))
    ],
    columns=["retailer", "customer_id", "x", "y"],
)
CORNER_NAMES = pd.DataFrame(
    [
        ("plane", name, 2, feature, {1: -1.0, 5: 1.0}[level])
        for x, y, name in CORNERS.values()
        for feature, level in (("y", y), ("x", x))
    ],
    columns=["clustering", "cluster_name", "from_k", "feature", "centroid"],
)


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw fewer groups to compare with: one test looks at what comes of it."""
    monkeypatch.setattr(module, "DRAWS", 2)


def on_line(*logarithms: float, retailer: str = "shop") -> pd.DataFrame:
    """Customers whose log1p(x) are the given numbers."""
    ids = [f"{number:03}" for number in range(len(logarithms))]
    return pd.DataFrame({"retailer": retailer, "customer_id": ids, "x": np.expm1(logarithms)})


def line_names(*archetypes: tuple[str, int, float]) -> pd.DataFrame:
    """Archetypes on the line: name, from_k, centroid."""
    return pd.DataFrame(
        [("line", name, from_k, "x", centroid) for name, from_k, centroid in archetypes],
        columns=["clustering", "cluster_name", "from_k", "feature", "centroid"],
    )


def measured(features: pd.DataFrame, k: int | str = 2, clustering: Clustering = LINE) -> pd.DataFrame:
    return diagnostics(fit(features, clustering, k=k, seed=0))  # type: ignore[arg-type]


def assigned(
    features: pd.DataFrame, clustering: Clustering, k: int, archetypes: pd.DataFrame, seed: int = 0
) -> pd.DataFrame:
    return assign(features, clustering, fit(features, clustering, k=k, seed=seed), archetypes)


def corners(features: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    return assigned(features, PLANE, 4, CORNER_NAMES, seed)


def chosen_k(found: pd.DataFrame) -> list[int]:
    return found.loc[found["is_chosen"].astype(bool), "k"].tolist()


def test_standardised_takes_logarithms_then_mean_0_and_deviation_1():
    # logarithms 0, 1, 2: mean 1, standard deviation sqrt(2/3)
    points = standardised(pd.DataFrame({"x": [0.0, np.e - 1, np.e**2 - 1]}))
    assert points.ravel() == pytest.approx([-np.sqrt(1.5), 0.0, np.sqrt(1.5)])


def test_standardised_takes_what_is_below_0_for_0():
    points = standardised(pd.DataFrame({"monetary": [-9.5, 0.0, np.e - 1]}))
    assert points[0] == points[1] < points[2]


def test_standardised_works_column_by_column_and_leaves_a_constant_at_0():
    points = standardised(pd.DataFrame({"x": [0, np.e - 1], "y": [7, 7]}))
    assert points == pytest.approx(np.array([[-1.0, 0.0], [1.0, 0.0]]))


def test_fit_measures_inertia_and_silhouette():
    # standardised -a, 0, a with a^2 = 1.5; one pair and one single customer:
    # inertia 2 (a/2)^2; silhouettes (2a - a) / 2a, (a - a) / a and 0
    row = measured(on_line(0, 1, 2)).iloc[0]
    assert row[["retailer", "clustering", "k", "customers"]].tolist() == ["shop", "line", 2, 3]
    assert (row["inertia"], row["silhouette"]) == (0.75, 0.166667)


def test_fit_tries_2_to_10_and_inertia_falls():
    found = measured(on_line(0, 1, 3, 4, 8, 9, 11, 15, 16, 18, 22, 23))
    assert found["k"].tolist() == list(range(2, 11))
    assert (found["inertia"].diff().dropna() < 0).all()
    assert found["silhouette"].between(-1, 1).all()


# Six distinct customers: k is 2 to 5. Three tight pairs: the best silhouette is at 3.
@pytest.mark.parametrize(("k", "expected"), [(2, 2), (4, 4), (5, 5), (6, 5), (10, 5), ("auto", 3)])
def test_fit_chooses_one_k(k: int | str, expected: int):
    found = measured(on_line(0, 0.01, 5, 5.01, 10, 10.01), k)
    assert found["k"].tolist() == [2, 3, 4, 5]
    assert chosen_k(found) == [expected]


@pytest.mark.parametrize(
    ("logarithms", "sizes"),
    [((1,), []), ((1, 2), []), ((1, 2, 2, 2, 2), []), ((1, 2, 3), [2]), ((1, 2, 3, 4, 4), [2, 3])],
)
def test_fit_needs_more_distinct_customers_than_clusters(logarithms: tuple[float, ...], sizes: list[int]):
    found = measured(on_line(*logarithms), 4)
    assert found["k"].tolist() == sizes
    assert chosen_k(found) == sizes[-1:]
    assert typed(found, DIAGNOSTICS_SCHEMA).num_rows == len(sizes)


def test_fit_keeps_retailers_apart():
    north, south = on_line(0, 1, 5, 6, 9, retailer="north"), on_line(2, 3, 4, retailer="south")
    both = measured(pd.concat([south, north]), 4)
    assert_frame_equal(both, pd.concat([measured(north, 4), measured(south, 4)], ignore_index=True))
    assert both.groupby("retailer")["customers"].unique().map(list).to_dict() == {"north": [5], "south": [3]}
    assert chosen_k(both) == [4, 2]


def test_fit_depends_on_the_customers_only():
    found = measured(BLOBS, "auto", PLANE)
    assert_frame_equal(measured(BLOBS, "auto", PLANE), found)
    for order in range(3):
        assert_frame_equal(measured(BLOBS.sample(frac=1, random_state=order), "auto", PLANE), found)


def test_fit_of_no_customers_is_an_empty_table():
    found = measured(on_line())
    assert found.columns.tolist() == DIAGNOSTICS_SCHEMA.names
    assert typed(found, DIAGNOSTICS_SCHEMA).num_rows == 0


@pytest.mark.parametrize("seed", range(5))
def test_fit_survives_a_silhouette_sample_without_the_smallest_cluster(seed: int):
    # a sample of 100 of these 150 misses the one outlier, a cluster of its own, for some seeds
    features = on_line(*[1] * 75, *[1.1] * 74, 9)
    found = diagnostics(fit(features, LINE, k=2, seed=seed, silhouette_sample=100))
    assert found["k"].tolist() == [2]
    assert found["silhouette"].between(-1, 1).all()


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


# Standardised as they are, with a correlation of 4 / 8: variances of 1.5 along x = y and of 0.5 across it.
TILTED = np.array([(1, 1)] * 3 + [(1, -1)] + [(-1, -1)] * 3 + [(-1, 1)], dtype=np.float64)


def on_plane(space: np.ndarray) -> pd.DataFrame:
    """Customers whose standardised columns x and y are the given ones."""
    ids = [f"{number:03}" for number in range(len(space))]
    x, y = np.expm1(space + 2).T
    return pd.DataFrame({"retailer": "shop", "customer_id": ids, "x": x, "y": y})


def test_principal_components_are_the_directions_of_most_variance():
    places, loadings, shares = principal_components(TILTED)
    root = np.sqrt(0.5)
    assert loadings == pytest.approx(np.array([[root, root], [root, -root]]))
    assert shares == pytest.approx([0.75, 0.25])
    assert places[[0, 3, 4, 7]] == pytest.approx(2 * root * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_loading_is_positive_and_the_first_of_equal_ones(sign: int):
    # y follows from x: one component, and rounding alone would choose the sign of the pair
    line = np.array([-1.0, 0.0, 1.0]) * np.sqrt(1.5)
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        places, loadings, shares = principal_components(np.column_stack([line, sign * line])[order])
        assert loadings == pytest.approx(np.array([[1.0, sign], [0.0, 0.0]]) * np.sqrt(0.5))
        assert shares == pytest.approx([1.0, 0.0])
        assert places == pytest.approx(np.column_stack([line[order] * np.sqrt(2), [0, 0, 0]]))


@pytest.mark.parametrize("space", [np.zeros((1, 3)), np.zeros((4, 3)), np.zeros((4, 1))])
def test_principal_components_are_0_without_variance(space: np.ndarray):
    places, loadings, shares = principal_components(space)
    assert (places.shape, loadings.shape) == ((len(space), 2), (2, space.shape[1]))
    assert not places.any()
    assert not loadings.any()
    assert not shares.any()


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


def test_standardised_takes_the_logarithm_of_the_columns_named_only():
    features = pd.DataFrame({"x": [0.0, np.e - 1, np.e**2 - 1], "y": [0.0, 1.0, 2.0]})
    expected = np.array([-np.sqrt(1.5), 0.0, np.sqrt(1.5)])
    assert standardised(features, ("x",)) == pytest.approx(np.column_stack([expected, expected]))
    assert standardised(features[["y"]], ()).ravel() == pytest.approx(expected)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_silhouettes_are_those_of_the_field(seed: int):
    # one customer is a cluster of its own, two are at one place
    draw = np.random.default_rng(seed).normal(size=(60, 2)).round(1)
    features = pd.DataFrame(np.vstack([draw, draw[:1], [[40, 40]]]), columns=["x", "y"])
    features = features.assign(retailer="shop", customer_id=[f"{row:02}" for row in range(62)])
    raw = Clustering("raw", ("x", "y"), logarithms=())
    points = standardised(features[["x", "y"]], ())
    for row in measured(features, 4, raw).itertuples():
        names = line_names(*[(str(number), 2, 0.0) for number in range(10)]).assign(clustering="raw")
        labels = assigned(features, raw, int(row.k), names)["cluster_name"]
        assert row.silhouette == pytest.approx(silhouette_score(points, labels), abs=1e-6)


def test_wide_has_a_column_a_category_and_0_where_nothing_was_bought():
    scores = pd.DataFrame(
        [("shop", "b", "Pet", 2, 0.5), ("shop", "a", "Food", 3, 1.0), ("shop", "b", "Food", 1, 0.5)],
        columns=["retailer", "customer_id", "super_category", "pf_score", "unit_share"],
    )
    assert wide(scores, "pf_score").to_dict("list") == {
        "retailer": ["shop", "shop"],
        "customer_id": ["a", "b"],
        "Food": [3.0, 1.0],
        "Pet": [0.0, 2.0],
    }
    assert wide(scores, "unit_share")["Pet"].tolist() == [0.0, 0.5]
    assert wide(scores.iloc[:0], "pf_score").columns.tolist() == ["retailer", "customer_id"]


def omnichannel(per_type: int = 40, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Customers of both channels of four behaviours and three tastes, which overlap, and what they are."""
    rng = np.random.default_rng(seed)
    types = [(days, channel, taste) for days in "ed" for channel in "nf" for taste in range(3)] * per_type
    truth = pd.DataFrame(types, columns=["days", "channel", "taste"])
    truth["customer_id"] = [f"{row:05}" for row in range(len(truth))]
    weekend, online = (truth["days"] == "e").to_numpy(), (truth["channel"] == "n").to_numpy()
    count = len(truth)
    r_weekend = rng.beta(np.where(weekend, 7, 2), np.where(weekend, 2, 7))
    hours = rng.dirichlet([1, 6, 3], count)
    online_vitality = np.exp(rng.normal(np.where(online, 8, 5), 1.0))
    offline_vitality = np.exp(rng.normal(np.where(online, 5, 8), 1.0))
    features = pd.DataFrame(
        {
            "retailer": "mall",
            "customer_id": truth["customer_id"],
            "channel_group": "both",
            "r_weekday": 1 - r_weekend,
            "r_weekend": r_weekend,
            "r_dawn": hours[:, 0],
            "r_afternoon": hours[:, 1],
            "r_dinner": hours[:, 2],
            "offline_vitality": offline_vitality,
            "online_vitality": online_vitality,
            "recency_days": rng.integers(0, 91, count),
            "frequency": 1 + rng.poisson(np.where(online, 3, 8)),
            "monetary": np.exp(rng.normal(np.where(online, 11, 12), 0.6)),
        }
    )
    liked = np.array([[1, 1, 6, 3], [1, 6, 1, 1], [6, 1, 1, 1]])[truth["taste"]]
    shares = rng.gamma(liked * 3.0)
    categories = ["Food", "Beauty", "Kitchen", "Baby"]
    scores = (
        pd.DataFrame(40 * shares / shares.sum(axis=1, keepdims=True), columns=categories)
        .assign(retailer="mall", customer_id=truth["customer_id"])
        .melt(["retailer", "customer_id"], var_name="super_category", value_name="pf_score")
    )
    days, channels = {"e": "weekend", "d": "weekday"}, {"n": "online", "f": "offline"}
    truth["behaviour"] = truth["days"].map(days) + " " + truth["channel"].map(channels)
    truth["consumption"] = truth["taste"].map({0: "homemaker", 1: "YOLO", 2: "food lover"})
    return features, scores, truth.set_index("customer_id")


def clustered(features: pd.DataFrame, scores: pd.DataFrame, seed: int = 0) -> dict[str, "pd.Series[str]"]:
    """Cluster names of the customers of both channels by clustering, named after the seed table."""
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    found = {}
    for clustering, rows in populations(features[[*KEYS, *RFM.columns]], features, scores):
        k = {"rfm": 4, "behaviour": 4, "consumption": 3}[clustering.name]
        clusters = assigned(rows, clustering, k, archetypes, seed)
        found[clustering.name] = clusters.set_index("customer_id")["cluster_name"]
    return found


def test_populations_fit_rfm_on_everybody_and_the_others_on_users_of_both_channels():
    features, scores, _ = omnichannel(1)
    features.loc[:3, "channel_group"] = ["offline_only", "offline_only", "online_only", "offline_only"]
    found = populations(features, features, scores[scores["customer_id"] != "00011"])
    assert [clustering.name for clustering, _ in found] == ["rfm", "behaviour", "consumption"]
    assert [len(rows) for _, rows in found] == [12, 8, 8]
    consumption = found[2][1].set_index("customer_id")
    assert consumption.columns.tolist() == ["retailer", "Baby", "Beauty", "Food", "Kitchen"]
    assert consumption.loc["00011"].tolist() == ["mall", 0, 0, 0, 0]


def test_behaviour_and_consumption_find_and_name_the_types_that_are_there():
    features, scores, truth = omnichannel()
    found = clustered(features, scores)
    for name in ("behaviour", "consumption"):
        assert adjusted_rand_score(truth[name], found[name][truth.index]) > 0.7
        assert (truth[name] == found[name]).mean() > 0.85


@pytest.mark.slow
def test_behaviour_and_consumption_keep_their_names_over_seeds_and_samples(monkeypatch):
    monkeypatch.setattr(module, "CANDIDATES", range(2, 5))
    features, scores, _ = omnichannel()
    before = clustered(features, scores)
    for seed in range(1, 10):
        kept = features.sample(frac=0.9, random_state=seed)
        for rows in (features, kept):
            after = clustered(rows, scores, seed)
            for name in ("behaviour", "consumption"):
                assert (after[name] == before[name][after[name].index]).mean() > 0.95


@pytest.mark.slow
def test_behaviour_and_consumption_do_not_depend_on_the_order_of_rows():
    features, scores, _ = omnichannel(3)
    before = populations(features, features, scores)
    shuffled = features.sample(frac=1, random_state=0)
    after = populations(shuffled, shuffled, scores.sample(frac=1, random_state=1))
    for (clustering, rows), (_, again) in zip(before, after, strict=True):
        assert_frame_equal(measured(again, 4, clustering), measured(rows, 4, clustering))


def test_every_clustering_has_diagnostics_of_one_form():
    features, scores, _ = omnichannel(2)
    for clustering, rows in populations(features, features, scores):
        found = measured(rows, "auto", clustering)
        assert set(found["clustering"]) == {clustering.name}
        assert found["k"].tolist() == list(range(2, 11))
        assert typed(found, DIAGNOSTICS_SCHEMA).num_rows == 9


def test_behaviour_inertia_is_that_of_its_components():
    # six components hold less than all of the variance, which is one a column and customer
    features, _, _ = omnichannel(2)
    whole = Clustering("behaviour", BEHAVIOUR.columns, BEHAVIOUR.logarithms)
    reduced, full = measured(features, 2, BEHAVIOUR), measured(features, 2, whole)
    assert (reduced["inertia"] < full["inertia"]).all()


@pytest.mark.parametrize("customers", [1, 2, 3])
def test_behaviour_takes_fewer_customers_than_components(customers: int):
    features, scores, _ = omnichannel(1)
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    for clustering, rows in populations(features, features.iloc[:customers], scores):
        fits = fit(rows, clustering, k=4, seed=0)
        assert len(assign(rows, clustering, fits, archetypes)) == len(rows)
        assert typed(components(fits), COMPONENTS_SCHEMA).num_rows > 0


@pytest.mark.slow
def test_a_retailer_that_nobody_uses_both_channels_of_is_clustered_by_time_and_taste():
    features, scores, _ = omnichannel(1)
    shop = features.assign(retailer="shop", channel_group="offline_only")
    all_scores = pd.concat([scores, scores.assign(retailer="shop")])
    both = pd.concat([features, shop])
    found = [
        (clustering, set(measured(rows, 2, clustering)["retailer"]))
        for clustering, rows in populations(both, both, all_scores)
    ]
    everywhere = {"mall", "shop"}
    assert found == [
        (RFM, everywhere),
        (BEHAVIOUR, {"mall"}),
        (ONE_CHANNEL, {"shop"}),
        (CONSUMPTION, everywhere),
    ]
    assert not set(ONE_CHANNEL.columns) & {"offline_vitality", "online_vitality"}


def test_a_retailer_of_one_channel_and_one_category_has_rfm_only():
    features, scores, _ = omnichannel(1)
    shop = features.assign(channel_group="online_only")
    one = scores[scores["super_category"] == "Food"]
    found = populations(shop, shop, one)
    assert [len(rows) for _, rows in found] == [12, 0, 0]


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


def test_no_customers_give_empty_tables_of_every_clustering():
    features, scores, _ = omnichannel(1)
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    for clustering, rows in populations(features.iloc[:0], features.iloc[:0], scores.iloc[:0]):
        clusters = assigned(rows, clustering, 4, archetypes)
        assert typed(measured(rows, 4, clustering), DIAGNOSTICS_SCHEMA).num_rows == 0
        assert typed(clusters, CLUSTERS_SCHEMA).num_rows == 0


def test_consumption_looks_at_the_categories_that_a_retailer_sells():
    features, scores, _ = omnichannel(1)
    themes = scores.assign(retailer="shop", super_category=scores["super_category"] + " theme")
    both = pd.concat([features, features.assign(retailer="shop")])
    together = populations(both, both, pd.concat([scores, themes]))[2][1]
    alone = populations(features, features, scores)[2][1]
    mall = together[together["retailer"] == "mall"]
    assert CONSUMPTION.of(mall).columns == ("Baby", "Beauty", "Food", "Kitchen")
    assert_frame_equal(measured(mall, 3, CONSUMPTION), measured(alone, 3, CONSUMPTION))


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


def blobs(customers: int, distance: float) -> pd.DataFrame:
    """Half of the customers around 0, half around a distance, in two dimensions."""
    rng = np.random.default_rng(1)
    places = rng.standard_normal((customers, 2)) + distance * (np.arange(customers) % 2)[:, np.newaxis]
    ids = [f"{number:04d}" for number in range(customers)]
    return pd.DataFrame(places, columns=["x", "y"]).assign(retailer="shop", customer_id=ids)


@pytest.mark.parametrize(
    ("customers", "distance", "apart"),
    [
        (300, 0.0, False),
        (60, 0.0, False),
        (300, 6.0, True),
        (40, 6.0, True),
        (6, 6.0, False),
        (19, 6.0, False),
    ],
)
def test_clusters_stand_apart_from_one_group_where_there_are_enough_customers(
    monkeypatch, customers, distance, apart
):
    monkeypatch.setattr(module, "DRAWS", DRAWS)
    plane = Clustering("plane", ("x", "y"), logarithms=())
    found = diagnostics(fit(blobs(customers, distance), plane, k=2, seed=0, silhouette_sample=1000))
    chosen = found[found["is_chosen"]].iloc[0]
    assert bool(chosen["stands_apart"]) is apart
    assert found.loc[~found["is_chosen"], ["one_group_silhouette", "stands_apart"]].isna().all(axis=None)
    assert typed(found, DIAGNOSTICS_SCHEMA).num_rows == len(found)


def test_the_silhouette_of_a_customer_compares_the_own_cluster_with_the_next():
    # 0 and 1 against 9 and 10: the inner ones are 1 from their own and 8.5 from the others on average
    features = on_line(0, 1, 9, 10)
    names = line_names(("low", 2, -1.0), ("high", 2, 1.0))
    clusters = assigned(features, LINE, 2, names)
    assert clusters["silhouette"].round(3).tolist() == [0.895, 0.882, 0.882, 0.895]
    few = assign(features, LINE, fit(features, LINE, k=2, seed=0, silhouette_sample=1), names)
    assert few["silhouette"].notna().sum() <= 3


@pytest.mark.parametrize("customers", [1_000, 1_337])
def test_silhouettes_of_several_labelings_are_scikit_learns(customers: int):
    # more than a block; one cluster of a single customer, and some at one place
    rng = np.random.default_rng(customers)
    points = rng.normal(size=(customers, 3)).round(1)
    points[-5:] = points[0]
    labelings = [np.arange(customers) % k for k in (2, 5, 10)]
    labelings.append(np.r_[2, rng.integers(0, 2, customers - 1)])
    found = silhouettes(points, labelings)
    for own, labels in zip(found, labelings, strict=True):
        assert own == pytest.approx(silhouette_samples(points, labels), abs=1e-12)


def test_silhouettes_of_customers_at_one_place_are_0():
    assert not silhouettes(np.ones((4, 2)), [np.array([0, 0, 1, 1])]).any()
    assert silhouettes(np.ones((4, 2)), []).shape == (0, 4)


def test_a_start_on_a_sample_is_finished_on_all_customers(monkeypatch: pytest.MonkeyPatch):
    points = blobs(600, 6.0)[["x", "y"]].to_numpy()
    on_all = k_means(points, 2, 0)
    monkeypatch.setattr(module, "STARTS_SAMPLE", 100)
    finished = k_means(points, 2, 0)
    assert finished.inertia_ == pytest.approx(on_all.inertia_)
    assert adjusted_rand_score(finished.labels_, on_all.labels_) == 1
    assert np.array_equal(k_means(points, 2, 0).cluster_centers_, finished.cluster_centers_)


def test_a_fit_that_was_kept_is_the_same():
    features, scores, _ = omnichannel(2)
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    for clustering, rows in populations(features, features, scores):
        fits = fit(rows, clustering, k=3, seed=0)
        kept = read_fits(table({key: fitted.learned() for key, fitted in fits.items()}))
        assert isinstance(kept["mall", clustering.name], Fit)
        assert_frame_equal(diagnostics(kept), diagnostics(fits))
        assert_frame_equal(components(kept), components(fits))
        assert_frame_equal(
            assign(rows, clustering, kept, archetypes), assign(rows, clustering, fits, archetypes)
        )
