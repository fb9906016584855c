"""The palette: behaviour x consumption, and a prediction of it for customers who do not use both channels.

Source: SPEC of System A, sections 7 to 9. A palette group is a pair of cluster names. Customers who were
clustered have theirs; offline-only customers, newcomers and everybody else get one from random forests, which
learn from the clustered customers what their purchases alone tell.

Behaviour and consumption have a forest each. On synthetic customers (1,500 and 12,000 clustered ones, with
4 and 10 orders in the median) the pair was right out of fold for 0.8 to 4.4 customers in 100 more than with
one forest of the twelve groups, and for 0.9 to 3.9 more than with one forest of two outputs. The trees are
extremely randomised ones (Geurts, Ernst, Wehenkel: Extremely randomized trees, Machine Learning 63, 2006).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from palette.core.learned import objects
from palette.core.tables import empty
from palette.segments.clusterings import (
    BEHAVIOUR,
    CONSUMPTION,
    KEYS,
    RFM_COLUMNS,
    Clustering,
    with_categories,
)

Matrix = NDArray[np.float64]
Nodes = NDArray[np.int32]

TREES = 60
SEEN = 0.5  # share of the features that a split may choose from
LEAF = 3  # customers at least in a leaf: a single one would pass for a certainty
TREE_SAMPLE = 5_000  # customers that a tree is grown on, drawn when there are more: the cost is bounded
FOLDS = 5
JUDGED = 20_000  # customers that the prediction is judged on, drawn when there are more
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

IMPORTANCES_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("importance", pa.float64(), nullable=False),
        pa.field("importance_rank", pa.int64(), nullable=False),
    ]
)

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

PREDICTION_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("fold", pa.int64(), nullable=False),
        pa.field("actual", pa.string(), nullable=False),
        pa.field("predicted", pa.string(), nullable=False),
    ]
)

METRICS_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)

CONFUSION_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("actual", pa.string(), nullable=False),
        pa.field("predicted", pa.string(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
    ]
)

PREDICTION_IMPORTANCES_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("importance", pa.float64(), nullable=False),
        pa.field("importance_rank", pa.int64(), nullable=False),
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
class Forest:
    """A forest that tells a class of customers, as plain arrays: the nodes of all trees one after another.

    Attributes
    ----------
    classes
        Their names, in the order of ``shares``.
    roots
        Where each tree begins.
    features, thresholds
        Which feature a node looks at, and up to which value it goes left.
    left, right
        The next nodes; -1 in a leaf.
    shares
        Share of each class among a node's customers, shape (nodes, classes).
    importances
        Of the features: mean decrease of the Gini impurity, adding up to 1, or 0 with one class only.
    """

    classes: tuple[str, ...]
    roots: Nodes
    features: Nodes
    thresholds: Matrix
    left: Nodes
    right: Nodes
    shares: Matrix
    importances: Matrix

    @classmethod
    def grow(cls, points: Matrix, labels: "pd.Series[str]", seed: int) -> "Forest":
        """Grow it on customers, shape (customers, features), and their classes."""
        is_sampled = len(points) > TREE_SAMPLE
        classes, codes = np.unique(labels.to_numpy(dtype=str), return_inverse=True)
        fitted = ExtraTreesClassifier(
            TREES,
            max_features=SEEN,
            min_samples_leaf=LEAF,
            bootstrap=is_sampled,
            max_samples=TREE_SAMPLE if is_sampled else None,
            random_state=seed,
        ).fit(points, codes)  # each tree would sort names anew
        return cls.of(fitted, tuple(classes.tolist()))

    @classmethod
    def of(cls, fitted: ExtraTreesClassifier, classes: tuple[str, ...]) -> "Forest":
        """Take it from scikit-learn's, with the names of its classes."""
        trees = [estimator.tree_ for estimator in fitted.estimators_]
        with np.errstate(invalid="ignore"):  # splits may all be of no use
            importances = np.nan_to_num(fitted.feature_importances_)
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int32)

        def joined(name: str) -> Nodes:
            children = [getattr(tree, name) for tree in trees]
            moved = [
                np.where(nodes < 0, -1, nodes + root) for nodes, root in zip(children, roots, strict=True)
            ]
            return np.concatenate(moved).astype(np.int32)

        return cls(
            classes=classes,
            roots=roots,
            features=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
            thresholds=np.concatenate([tree.threshold for tree in trees]),
            left=joined("children_left"),
            right=joined("children_right"),
            shares=np.concatenate([tree.value[:, 0] for tree in trees]),
            importances=importances,
        )

    def probabilities(self, points: Matrix) -> Matrix:
        """Return each customer's mean share of each class over the trees, shape (customers, classes)."""
        values = points.astype(np.float32)  # as the trees were grown
        found = np.zeros((len(points), len(self.classes)))
        for root in self.roots:
            at = np.full(len(points), root)
            inner = np.flatnonzero(self.left[at] >= 0)
            while inner.size:
                nodes = at[inner]
                is_left = values[inner, self.features[nodes]] <= self.thresholds[nodes]
                at[inner] = np.where(is_left, self.left[nodes], self.right[nodes])
                inner = inner[self.left[at[inner]] >= 0]
            found += self.shares[at]
        return found / len(self.roots)

    def likeliest(self, points: Matrix) -> tuple[NDArray[np.object_], Matrix]:
        """Return each customer's most probable class and its probability."""
        probabilities = self.probabilities(points)
        classes = np.array(self.classes, dtype=object)
        return classes[probabilities.argmax(axis=1)], probabilities.max(axis=1)


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


def separation(
    features: pd.DataFrame, clusters: pd.DataFrame, clustering: Clustering, *, seed: int
) -> pd.DataFrame:
    """Tell which features separate the clusters: the importances of a random forest that learns them.

    Parameters
    ----------
    features
        What the clustering was fitted on, see :func:`palette.segments.clusterings.populations`.
    clusters
        Result of :func:`palette.segments.clusters.assign`; other clusterings' rows are ignored.
    clustering
        The clustering.
    seed
        Seed of the forest.

    Returns
    -------
    pandas.DataFrame
        Columns of ``IMPORTANCES_SCHEMA``. Importances (mean decrease of the Gini impurity) of a retailer add
        up to 1, or are all 0 where there is one cluster only.
    """
    own = clusters.loc[clusters["clustering"] == clustering.name, [*KEYS, "cluster_name"]]
    parts = [empty(IMPORTANCES_SCHEMA)]
    for retailer, rows in features.merge(own, on=KEYS).sort_values("customer_id").groupby("retailer"):
        names = clustering.of(rows.drop(columns="cluster_name")).columns
        forest = Forest.grow(rows[list(names)].to_numpy(dtype=np.float64), rows["cluster_name"], seed)
        ranked = _ranked(names, forest.importances)
        parts.append(ranked.assign(retailer=retailer, clustering=clustering.name))
    return pd.concat(parts, ignore_index=True)


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
        str(retailer): _learn(rows, seed)
        for retailer, rows in _labelled(purchases, clusters).groupby("retailer", sort=True)
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
    fitted = _labelled(purchases, clusters)
    known = pd.MultiIndex.from_frame(fitted[KEYS])
    others = purchases[~pd.MultiIndex.from_frame(purchases[KEYS]).isin(known)]
    parts = [
        empty(PALETTE_SCHEMA),
        _grouped(fitted[[*KEYS, *PARTS]].assign(is_predicted=False, probability=1.0)),
    ]
    for retailer, learned in forests.items():
        parts.append(predict(learned, others[others["retailer"] == retailer]))
    return pd.concat(parts).sort_values(KEYS, ignore_index=True)


def predict_held_out(
    features: pd.DataFrame, category_scores: pd.DataFrame, clusters: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Predict every clustered customer by forests that have not seen them: five folds, by palette group.

    Parameters
    ----------
    features, category_scores
        See :func:`purchase_features`.
    clusters, seed
        See :func:`fit_forests`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``PREDICTION_SCHEMA``: a row a clustered customer and target (behaviour, consumption and
        palette group), of ``JUDGED`` customers where there are more. Fewer than five customers have a fold
        each, and a single one none: nothing is left to learn from.
    """
    labelled = _labelled(purchase_features(features, category_scores), clusters)
    parts = [empty(PREDICTION_SCHEMA)]
    for _, clustered in labelled.groupby("retailer", sort=True):
        drawn = np.random.default_rng(seed).permutation(len(clustered))[:JUDGED]
        rows = clustered.iloc[np.sort(drawn)]
        folds = _folds(rows[GROUP], seed)
        for fold in np.unique(folds) if len(rows) > 1 else []:
            held_out = rows[folds == fold]
            predicted = predict(_learn(rows[folds != fold], seed), held_out)
            parts.extend(
                held_out[KEYS].assign(
                    target=target,
                    fold=fold,
                    actual=held_out[target],
                    predicted=predicted[target],
                )
                for target in TARGETS
            )
    return pd.concat(parts).sort_values([*KEYS, "target"], ignore_index=True)


def prediction_metrics(predictions: pd.DataFrame) -> pd.DataFrame:
    """Measure how good the prediction is on customers it had not seen.

    Parameters
    ----------
    predictions
        Result of :func:`predict_held_out`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``METRICS_SCHEMA``, three rows a retailer and target. ``accuracy``: share of customers
        predicted right. ``macro_f1``: mean over the classes of the harmonic mean of precision and recall.
        ``majority_baseline``: the accuracy of giving everybody the largest class.
    """
    parts = [empty(METRICS_SCHEMA)]
    for (retailer, target), rows in predictions.groupby(["retailer", "target"], sort=True):
        actual, predicted = rows["actual"].to_numpy(dtype=object), rows["predicted"].to_numpy(dtype=object)
        measured = {
            "accuracy": np.mean(actual == predicted),
            "macro_f1": f1_score(
                actual, predicted, labels=sorted(set(actual)), average="macro", zero_division=0
            ),
            "majority_baseline": rows["actual"].value_counts(normalize=True).max(),
        }
        part = pd.DataFrame({"metric": list(measured), "value": np.round(list(measured.values()), 6)})
        parts.append(part.assign(retailer=str(retailer), target=str(target)))
    return pd.concat(parts, ignore_index=True)


def prediction_confusion(predictions: pd.DataFrame) -> pd.DataFrame:
    """Count customers by actual and predicted class.

    Parameters
    ----------
    predictions
        Result of :func:`predict_held_out`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``CONFUSION_SCHEMA``; pairs of classes that no customer has are left out.
    """
    pairs = predictions.groupby(["retailer", "target", "actual", "predicted"], sort=True)
    return pairs.size().rename("customers").reset_index()


def prediction_importances(forests: Mapping[str, Forests]) -> pd.DataFrame:
    """Tell which features the prediction rests on.

    Parameters
    ----------
    forests
        Result of :func:`fit_forests`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``PREDICTION_IMPORTANCES_SCHEMA``. Importances (mean decrease of the Gini impurity) of a
        retailer and target add up to 1, or are all 0 where there is one class only; those of the palette
        group are the mean of both forests'.
    """
    parts = [empty(PREDICTION_IMPORTANCES_SCHEMA)]
    for retailer, learned in forests.items():
        parts.extend(
            _ranked(learned.features, learned.importances(target)).assign(retailer=retailer, target=target)
            for target in TARGETS
        )
    return pd.concat(parts, ignore_index=True)


def _labelled(purchases: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Return the customers that have both clusters, with behaviour, consumption and palette group."""
    wanted = clusters[clusters["clustering"].isin(PARTS)]
    named = wanted.pivot(index=KEYS, columns="clustering", values="cluster_name")
    labels = named.reindex(columns=list(PARTS)).dropna().astype(str).rename_axis(columns=None).reset_index()
    return _grouped(purchases.merge(labels, on=KEYS)).sort_values(KEYS, ignore_index=True)


def _grouped(customers: pd.DataFrame) -> pd.DataFrame:
    """Add the palette group to behaviour and consumption."""
    return customers.assign(palette_group=customers["behaviour"] + " / " + customers["consumption"])


def _learn(rows: pd.DataFrame, seed: int) -> Forests:
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


def _folds(labels: "pd.Series[str]", seed: int) -> NDArray[np.int64]:
    """Spread each class, however small, over the folds, which differ by one customer at most."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels.to_numpy(dtype=object)[shuffled], kind="stable")]
    folds = np.empty(len(labels), dtype=np.int64)
    folds[by_class] = np.arange(len(labels)) % FOLDS + 1
    return folds


def _ranked(features: tuple[str, ...], importances: Matrix) -> pd.DataFrame:
    """Rank features by importance, equal ones by name."""
    rows = pd.DataFrame({"feature": list(features), "importance": np.round(importances, 6)})
    ordered = rows.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
    return ordered.assign(importance_rank=ordered.index + 1)
