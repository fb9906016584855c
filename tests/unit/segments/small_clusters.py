"""Customers to cluster, few and worked by hand, or of known types."""

from pathlib import Path

import numpy as np
import pandas as pd

from palette.segments.clusterings import KEYS, RFM, Clustering, populations
from palette.segments.clusters import assign, diagnostics
from palette.segments.fits import Space, fit

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


# Standardised as they are, with a correlation of 4 / 8: variances of 1.5 along x = y and of 0.5 across it.
TILTED = np.array([(1, 1)] * 3 + [(1, -1)] + [(-1, -1)] * 3 + [(-1, 1)], dtype=np.float64)


def on_plane(space: np.ndarray) -> pd.DataFrame:
    """Customers whose standardised columns x and y are the given ones."""
    ids = [f"{number:03}" for number in range(len(space))]
    x, y = np.expm1(space + 2).T
    return pd.DataFrame({"retailer": "shop", "customer_id": ids, "x": x, "y": y})


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


def blobs(customers: int, distance: float) -> pd.DataFrame:
    """Half of the customers around 0, half around a distance, in two dimensions."""
    rng = np.random.default_rng(1)
    places = rng.standard_normal((customers, 2)) + distance * (np.arange(customers) % 2)[:, np.newaxis]
    ids = [f"{number:04d}" for number in range(customers)]
    return pd.DataFrame(places, columns=["x", "y"]).assign(retailer="shop", customer_id=ids)


def standardised(features: pd.DataFrame, logarithms: tuple[str, ...] | None = None) -> np.ndarray:
    """Standardise columns as a clustering of all of them does."""
    return Space.of(features, Clustering("", tuple(features.columns), logarithms)).standardised(features)
