"""Palette groups: behaviour x consumption, and a prediction for customers who do not use both channels.

Source: docs/methods.md, "The lifestyle palette". A palette group is a pair of cluster names. Customers
who were clustered have theirs; offline-only customers, newcomers and everybody else get one from random
forests, which learn from the clustered customers what their purchases alone tell.

Behaviour and consumption have a forest each. On synthetic customers (1,500 and 12,000 clustered ones, with
4 and 10 orders in the median) the pair was right out of fold for 0.8 to 4.4 customers in 100 more than with
one forest of the twelve groups, and for 0.9 to 3.9 more than with one forest of two outputs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.preprocessing import StandardScaler

from palette.core.learned import objects
from palette.core.tables import empty
from palette.segments.clusterings import BEHAVIOUR, CONSUMPTION, KEYS, RFM_COLUMNS, with_categories
from palette.segments.forests import Forest, Matrix

LEADING = 3

PARTS = (BEHAVIOUR.name, CONSUMPTION.name)
GROUP = "palette_group"
TARGETS = (*PARTS, GROUP)

# What purchases alone tell. The share of weekday orders is left out: it is 1 - r_weekend.
RATIOS = ("r_weekend", "r_dawn", "r_afternoon", "r_dinner")
HEAVY_TAILED = ("purchase_vitality", *RFM_COLUMNS)

# The columns that are read of customer features, category scores and clusters.
BOUGHT = (*KEYS, *RATIOS, *HEAVY_TAILED)
SHARES = (*KEYS, "super_category", "unit_share")
NAMED = (*KEYS, "clustering", "cluster_name")

PALETTE_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("behaviour", pa.string(), nullable=False),
        pa.field("consumption", pa.string(), nullable=False),
        pa.field("palette_group", pa.string(), nullable=False),
        pa.field("is_predicted", pa.bool_(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
    ]
)

EXPLANATION_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("leading_rank", pa.int64(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("deviation", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Forests:
    """What a retailer's clustered customers teach: a forest for each part of the palette group.

    Attributes
    ----------
    features
        Names of the features, in the forests' order.
    behaviour, consumption
        The forests.
    means, scales
        Mean and standard deviation of each feature among the clustered customers, after the logarithm of the
        heavy-tailed ones.
    """

    features: tuple[str, ...]
    behaviour: Forest
    consumption: Forest
    means: Matrix
    scales: Matrix

    def importances(self, target: str) -> Matrix:
        """Return the features' importances for a part of the group, or for the group their mean."""
        behaviour, consumption = self.behaviour.importances, self.consumption.importances
        whole: Matrix = (behaviour + consumption) / 2
        return {BEHAVIOUR.name: behaviour, CONSUMPTION.name: consumption, GROUP: whole}[target]

    def learned(self) -> dict[str, Any]:
        """Return them as :mod:`palette.core.learned` keeps them."""
        return asdict(self)

    @classmethod
    def of(cls, learned: Mapping[str, Any]) -> "Forests":
        """Make them of what :meth:`learned` returned."""
        parts = {
            part: Forest(**{**learned[part], "classes": tuple(learned[part]["classes"])}) for part in PARTS
        }
        return cls(**{**learned, "features": tuple(learned["features"]), **parts})


def purchase_features(features: pd.DataFrame, category_scores: pd.DataFrame) -> pd.DataFrame:
    """Put together what purchases alone tell of each customer: the features of the prediction.

    Parameters
    ----------
    features
        One row a customer: ``retailer``, ``customer_id``, shares of orders by time, ``purchase_vitality``,
        ``recency_days``, ``frequency`` and ``monetary``; more columns are ignored.
    category_scores
        ``retailer``, ``customer_id``, ``super_category`` and ``unit_share``.

    Returns
    -------
    pandas.DataFrame
        ``retailer``, ``customer_id``, those columns and a column a super-category, its share of the
        customer's units. Sorted by retailer and customer.
    """
    return with_categories(features[list(BOUGHT)], category_scores, "unit_share").sort_values(
        KEYS, ignore_index=True
    )


def fit_forests(purchases: pd.DataFrame, clusters: pd.DataFrame, *, seed: int) -> dict[str, Forests]:
    """Learn to tell the palette group from purchases, a retailer at a time.

    Parameters
    ----------
    purchases
        Result of :func:`purchase_features`; customers without clusters are ignored.
    clusters
        Result of :func:`palette.segments.clusters.assign` for behaviour and consumption.
    seed
        Seed of the forests.

    Returns
    -------
    dict of str to Forests
        By retailer; none for a retailer without clustered customers.
    """
    return {
        str(retailer): learn_from(rows, seed)
        for retailer, rows in clustered_customers(purchases, clusters).groupby("retailer", sort=True)
    }


def read_forests(rows: pd.DataFrame) -> dict[str, Forests]:
    """Read the table that forests are kept in, see :func:`palette.core.learned.table`."""
    return {retailer: Forests.of(learned) for (retailer, _), learned in objects(rows).items()}


def predict(forests: Forests, purchases: pd.DataFrame) -> pd.DataFrame:
    """Predict the palette group of customers of the forests' retailer.

    Parameters
    ----------
    forests
        Of :func:`fit_forests`.
    purchases
        Result of :func:`purchase_features`. A category that the forests do not know is ignored.

    Returns
    -------
    pandas.DataFrame
        Columns of ``PALETTE_SCHEMA``, a row a customer in the order given. ``probability`` is that of the
        behaviour times that of the consumption.
    """
    if purchases.empty:
        return empty(PALETTE_SCHEMA)
    points = _points(purchases, forests.features)
    behaviour, sure_of_behaviour = forests.behaviour.likeliest(points)
    consumption, sure_of_consumption = forests.consumption.likeliest(points)
    predicted = purchases[KEYS].assign(
        behaviour=behaviour,
        consumption=consumption,
        is_predicted=True,
        probability=(sure_of_behaviour * sure_of_consumption).round(6),
    )
    return _grouped(predicted)


def explain(forests: Forests, purchases: pd.DataFrame, *, leading: int = LEADING) -> pd.DataFrame:
    """Name the features that lead a customer's prediction: important ones in which the customer stands out.

    Parameters
    ----------
    forests, purchases
        As for :func:`predict`.
    leading
        How many features of each customer to name.

    Returns
    -------
    pandas.DataFrame
        Columns of ``EXPLANATION_SCHEMA``, rows by customer in the order given and by ``leading_rank``: the
        features with the largest importance times absolute ``deviation``, which is the distance from the mean
        clustered customer in standard deviations (of the logarithm for heavy-tailed features). ``value`` is
        the customer's own.
    """
    if purchases.empty:
        return empty(EXPLANATION_SCHEMA)
    deviations = (_points(purchases, forests.features) - forests.means) / forests.scales
    weights = forests.importances(GROUP) * np.abs(deviations)
    order = np.argsort(-weights, axis=1, kind="stable")[:, :leading]
    values = purchases.reindex(columns=list(forests.features), fill_value=0.0).to_numpy(dtype=np.float64)
    count = order.shape[1]
    explained = purchases[KEYS].iloc[np.repeat(np.arange(len(purchases)), count)].reset_index(drop=True)
    return explained.assign(
        leading_rank=np.tile(np.arange(1, count + 1), len(purchases)),
        feature=np.array(forests.features, dtype=object)[order].ravel(),
        value=np.take_along_axis(values, order, axis=1).ravel(),
        deviation=np.take_along_axis(deviations, order, axis=1).ravel().round(6),
    )


def predict_groups(
    features: pd.DataFrame,
    category_scores: pd.DataFrame,
    clusters: pd.DataFrame,
    forests: Mapping[str, Forests],
) -> pd.DataFrame:
    """Give every customer a palette group: the clustered ones theirs, the others a prediction.

    Parameters
    ----------
    features, category_scores
        See :func:`purchase_features`.
    clusters
        See :func:`fit_forests`.
    forests
        Its result.

    Returns
    -------
    pandas.DataFrame
        Columns of ``PALETTE_SCHEMA``, one row a customer, sorted. Clustered customers have ``probability`` 1,
        the others the forests' (:func:`predict`). A retailer without clustered customers has no rows.
    """
    purchases = purchase_features(features, category_scores)
    fitted = clustered_customers(purchases, clusters)
    known = pd.MultiIndex.from_frame(fitted[KEYS])
    others = purchases[~pd.MultiIndex.from_frame(purchases[KEYS]).isin(known)]
    parts = [
        empty(PALETTE_SCHEMA),
        _grouped(fitted[[*KEYS, *PARTS]].assign(is_predicted=False, probability=1.0)),
    ]
    for retailer, learned in forests.items():
        parts.append(predict(learned, others[others["retailer"] == retailer]))
    return pd.concat(parts).sort_values(KEYS, ignore_index=True)


def clustered_customers(purchases: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Return the customers that have both clusters, with behaviour, consumption and palette group."""
    wanted = clusters[clusters["clustering"].isin(PARTS)]
    named = wanted.pivot(index=KEYS, columns="clustering", values="cluster_name")
    labels = named.reindex(columns=list(PARTS)).dropna().astype(str).rename_axis(columns=None).reset_index()
    return _grouped(purchases.merge(labels, on=KEYS)).sort_values(KEYS, ignore_index=True)


def _grouped(customers: pd.DataFrame) -> pd.DataFrame:
    """Add the palette group to behaviour and consumption."""
    return customers.assign(palette_group=customers["behaviour"] + " / " + customers["consumption"])


def learn_from(rows: pd.DataFrame, seed: int) -> Forests:
    """Grow both forests on clustered customers of a retailer."""
    categories = sorted(set(rows.columns) - {*KEYS, *RATIOS, *HEAVY_TAILED, *TARGETS})
    bought = tuple(name for name in categories if rows[name].any())
    features = (*RATIOS, *HEAVY_TAILED, *bought)
    points = _points(rows, features)
    scaler = StandardScaler().fit(points)
    return Forests(
        features=features,
        behaviour=Forest.grow(points, rows["behaviour"], seed),
        consumption=Forest.grow(points, rows["consumption"], seed),
        means=scaler.mean_,
        scales=scaler.scale_,
    )


def _points(purchases: pd.DataFrame, features: tuple[str, ...]) -> Matrix:
    values = purchases.reindex(columns=list(features), fill_value=0.0).astype(np.float64)
    values[list(HEAVY_TAILED)] = np.log1p(values[list(HEAVY_TAILED)])
    return values.to_numpy()
