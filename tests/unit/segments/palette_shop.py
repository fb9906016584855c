"""A shop whose customers' purchases tell most of their palette groups."""

import numpy as np
import pandas as pd

from palette.segments.clusters import CLUSTERS_SCHEMA
from palette.segments.importances import prediction_importances
from palette.segments.palette_groups import Forests, fit_forests, predict_groups, purchase_features

RETAILER = "mall"
BEHAVIOURS = ("weekend", "weekday")
TASTES = ("food", "home", "play")
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


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
