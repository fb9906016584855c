"""Predictions of the palette group for customers that were held out, and how good they are."""

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from palette.core.tables import empty
from palette.segments.clusterings import KEYS
from palette.segments.palette_groups import (
    GROUP,
    TARGETS,
    clustered_customers,
    learn_from,
    predict,
    purchase_features,
)

FOLDS = 5
JUDGED = 20_000  # customers that the prediction is judged on, drawn when there are more

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


def predict_held_out(
    features: pd.DataFrame, category_scores: pd.DataFrame, clusters: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Predict every clustered customer by forests that have not seen them: five folds, by palette group.

    Parameters
    ----------
    features, category_scores
        See :func:`palette.segments.palette_groups.purchase_features`.
    clusters, seed
        See :func:`palette.segments.palette_groups.fit_forests`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``PREDICTION_SCHEMA``: a row a clustered customer and target (behaviour, consumption and
        palette group), of ``JUDGED`` customers where there are more. Fewer than five customers have a fold
        each, and a single one none: nothing is left to learn from.
    """
    labelled = clustered_customers(purchase_features(features, category_scores), clusters)
    parts = [empty(PREDICTION_SCHEMA)]
    for _, clustered in labelled.groupby("retailer", sort=True):
        drawn = np.random.default_rng(seed).permutation(len(clustered))[:JUDGED]
        rows = clustered.iloc[np.sort(drawn)]
        folds = _folds(rows[GROUP], seed)
        for fold in np.unique(folds) if len(rows) > 1 else []:
            held_out = rows[folds == fold]
            predicted = predict(learn_from(rows[folds != fold], seed), held_out)
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


def _folds(labels: "pd.Series[str]", seed: int) -> NDArray[np.int64]:
    """Spread each class, however small, over the folds, which differ by one customer at most."""
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels.to_numpy(dtype=object)[shuffled], kind="stable")]
    folds = np.empty(len(labels), dtype=np.int64)
    folds[by_class] = np.arange(len(labels)) % FOLDS + 1
    return folds
