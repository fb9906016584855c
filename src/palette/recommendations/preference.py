"""How well preference scores are foretold: the study's own check, on a fifth of them held out.

Source: SPEC of System A, section 9: RMSE of pf_score, 22.01 for the item-based top-10 neighbours and 23.65
for the latent model there.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import train_test_split

from palette.core.tables import empty
from palette.recommendations.metrics import Bootstrap

Vector = NDArray[np.float64]

NEIGHBOURS = 10
FACTORS = 16
HELD_OUT = 0.2
FEWEST = 100  # scores of a retailer: a fifth of fewer says nothing

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("scores", pa.int64(), nullable=False),
        pa.field("rmse", pa.float64(), nullable=False),
        pa.field("ci_low", pa.float64(), nullable=False),
        pa.field("ci_high", pa.float64(), nullable=False),
    ]
)


def preference_errors(scores: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Measure how far off preference scores are foretold that a model has not seen.

    Parameters
    ----------
    scores
        One row a customer and sub-category bought: ``retailer``, ``customer_id``, ``subcategory``,
        ``pf_score``.
    seed
        Seed of the split and of the factorisation.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``, a row a retailer and model: ``mean`` (the sub-category's), ``item_cosine`` (the
        customer's scores of the ten most similar sub-categories), ``als`` (implicit ALS, scaled to scores),
        ``hybrid`` (a linear stack of those, learned on a fifth of what was not held out). ``rmse`` is in
        points of the score; its interval is a bootstrap over customers.
    """
    parts = [empty(SCHEMA)]
    ordered = scores.sort_values(["retailer", "customer_id", "subcategory"], ignore_index=True)
    for retailer, rows in ordered.groupby("retailer", sort=True):
        if len(rows) < FEWEST:
            print(f"preference_errors: {retailer}: {len(rows)} scores are too few to hold some out")
            continue
        customer, _ = pd.factorize(rows["customer_id"].astype(object), sort=True)
        item, items = pd.factorize(rows["subcategory"].astype(object), sort=True)
        cells = np.column_stack([customer, item]).astype(np.int64)
        values = rows["pf_score"].to_numpy(dtype=np.float64)
        known, held_out = train_test_split(np.arange(len(rows)), test_size=HELD_OUT, random_state=seed)
        foretold = _foretell(cells, values, known, held_out, len(items), seed)
        bootstrap = Bootstrap.of(cells[held_out, 0], seed=seed)
        squares = np.column_stack([(guess - values[held_out]) ** 2 for guess in foretold.values()])
        low, high = bootstrap.interval(squares)
        parts.append(
            pd.DataFrame(
                {
                    "retailer": str(retailer),
                    "model": list(foretold),
                    "customers": len(np.unique(cells[held_out, 0])),
                    "scores": len(held_out),
                    "rmse": np.sqrt(squares.mean(axis=0)).round(9),
                    "ci_low": np.sqrt(low).round(9),
                    "ci_high": np.sqrt(high).round(9),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _foretell(
    cells: NDArray[np.int64],
    values: Vector,
    known: NDArray[np.int64],
    wanted: NDArray[np.int64],
    items: int,
    seed: int,
) -> dict[str, Vector]:
    """Foretell the wanted scores from the known ones; the stack learns on a part of the known ones."""
    inner, learned = train_test_split(known, test_size=HELD_OUT, random_state=seed)
    single = _single(cells, values, known, wanted, items, seed)
    stack = LinearRegression().fit(
        _stacked(_single(cells, values, inner, learned, items, seed)), values[learned]
    )
    return single | {"hybrid": np.asarray(stack.predict(_stacked(single)), dtype=np.float64)}


def _single(
    cells: NDArray[np.int64],
    values: Vector,
    known: NDArray[np.int64],
    wanted: NDArray[np.int64],
    items: int,
    seed: int,
) -> dict[str, Vector]:
    customers = int(cells[:, 0].max()) + 1
    matrix = csr_matrix((values[known], (cells[known, 0], cells[known, 1])), shape=(customers, items))
    customer, item = cells[wanted].T
    total, bought = matrix.sum(axis=0), (matrix > 0).sum(axis=0)
    overall = float(values[known].mean())
    mean = np.asarray((total + overall) / (bought + 1)).ravel()[item]
    als = AlternatingLeastSquares(factors=min(FACTORS, items), regularization=0.05, random_state=seed)
    als.fit(matrix.astype(np.float32), show_progress=False)
    affinity = np.einsum("ij,ij->i", als.user_factors[customer], als.item_factors[item])
    fitted = np.einsum("ij,ij->i", als.user_factors[cells[known, 0]], als.item_factors[cells[known, 1]])
    scale = LinearRegression().fit(fitted[:, None], values[known])
    return {
        "mean": mean,
        "item_cosine": _neighbours(matrix, customer, item, mean),
        "als": np.asarray(scale.predict(affinity[:, None]), dtype=np.float64),
    }


def _neighbours(
    matrix: csr_matrix, customer: NDArray[np.int64], item: NDArray[np.int64], otherwise: Vector
) -> Vector:
    """Return the mean score of each customer's ten most similar sub-categories, weighted by similarity."""
    similarity = cosine_similarity(matrix.T)
    np.fill_diagonal(similarity, 0)
    found = otherwise.copy()
    for start in range(0, len(item), 2_000):
        part = slice(start, start + 2_000)
        owned = matrix[customer[part]].toarray()
        weights = np.where(owned > 0, similarity[item[part]], 0)
        count = min(NEIGHBOURS, weights.shape[1])
        tenth = np.partition(weights, -count, axis=1)[:, -count][:, None]
        weights = np.where(weights >= tenth, weights, 0)
        total = weights.sum(axis=1)
        guess = (weights * owned).sum(axis=1) / np.where(total > 0, total, 1)
        found[part] = np.where(total > 0, guess, otherwise[part])
    return found


def _stacked(single: dict[str, Vector]) -> NDArray[np.float64]:
    return np.column_stack(list(single.values()))
