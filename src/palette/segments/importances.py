"""Which features tell clusters apart, and which ones the prediction of palette groups rests on."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from palette.core.tables import empty
from palette.segments.clusterings import KEYS, Clustering
from palette.segments.forests import Forest, Matrix
from palette.segments.palette_groups import TARGETS, Forests

IMPORTANCES_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("importance", pa.float64(), nullable=False),
        pa.field("importance_rank", pa.int64(), nullable=False),
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


def prediction_importances(forests: Mapping[str, Forests]) -> pd.DataFrame:
    """Tell which features the prediction rests on.

    Parameters
    ----------
    forests
        Result of :func:`palette.segments.palette_groups.fit_forests`.

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


def _ranked(features: tuple[str, ...], importances: Matrix) -> pd.DataFrame:
    """Rank features by importance, equal ones by name."""
    rows = pd.DataFrame({"feature": list(features), "importance": np.round(importances, 6)})
    ordered = rows.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
    return ordered.assign(importance_rank=ordered.index + 1)
