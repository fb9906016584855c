"""How well preference scores are foretold: the study's own check, on a fifth of them held out.

Source: docs/methods.md, "How lists are judged": RMSE of pf_score, 22.01 for the item-based top-10 neighbours
and 23.65 for the latent model in the study on L.POINT.
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
Cells = NDArray[np.int64]

NEIGHBOURS = 10
FACTORS = 16
HELD_OUT = 0.2
SCORES = ("retailer", "customer_id", "subcategory", "pf_score")  # the columns that are read
JUDGED = 20_000  # customers of a retailer, drawn when there are more: the cost is bounded
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
        points of the score; its interval is a bootstrap over customers. A retailer's ``JUDGED`` customers at
        most are looked at.
    """
    parts = [empty(SCHEMA)]
    ordered = scores.sort_values(["retailer", "customer_id", "subcategory"], ignore_index=True)
    for retailer, rows in ordered.groupby("retailer", sort=True):
        if len(rows) < FEWEST:
            print(f"preference_errors: {retailer}: {len(rows)} scores are too few to hold some out")
            continue
        rows = _drawn(rows, seed)
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


def _drawn(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the scores of ``JUDGED`` customers, or of all where there are no more."""
    customers = rows["customer_id"].unique()
    if len(customers) <= JUDGED:
        return rows
    drawn = np.random.default_rng(seed).choice(len(customers), JUDGED, replace=False)
    return rows[rows["customer_id"].isin(customers[drawn])]


def _foretell(
    cells: Cells, values: Vector, known: Cells, wanted: Cells, items: int, seed: int
) -> dict[str, Vector]:
    """Foretell the wanted scores from the known ones.

    A fifth of the known ones, foretold from the rest, teaches how far to trust each model: ALS alone, which
    knows no points, and all of them together.
    """
    inner, learned = train_test_split(known, test_size=HELD_OUT, random_state=seed)
    before = _single(cells, values, inner, learned, items, seed)
    single = _single(cells, values, known, wanted, items, seed)

    def trusted(columns: list[str]) -> Vector:
        model = LinearRegression().fit(_columns(before, columns), values[learned])
        return np.asarray(model.predict(_columns(single, columns)), dtype=np.float64)

    return {
        "mean": single["mean"],
        "item_cosine": single["item_cosine"],
        "als": trusted(["als"]),
        "hybrid": trusted(["mean", "item_cosine", "als", "customer"]),
    }


def _single(
    cells: Cells, values: Vector, known: Cells, wanted: Cells, items: int, seed: int
) -> dict[str, Vector]:
    """Return what each model says of the wanted cells; ``als`` is an affinity, not points."""
    customers = int(cells[:, 0].max()) + 1
    of_known = (cells[known, 0], cells[known, 1])
    matrix = csr_matrix((values[known], of_known), shape=(customers, items))
    scored = _scored(matrix)
    customer, item = cells[wanted].T
    overall = float(values[known].mean())

    def mean(axis: int) -> Vector:
        total, count = matrix.sum(axis=axis), scored.sum(axis=axis)
        return np.asarray((total + overall) / (count + 1), dtype=np.float64).ravel()

    of_item = mean(0)[item]
    als = AlternatingLeastSquares(
        factors=max(2, min(FACTORS, items // 4)), regularization=0.05, random_state=seed, num_threads=1
    )
    als.fit(matrix.astype(np.float32), show_progress=False)
    return {
        "mean": of_item,
        "item_cosine": _neighbours(matrix, customer, item, of_item),
        "als": np.einsum("ij,ij->i", als.user_factors[customer], als.item_factors[item]).astype(np.float64),
        "customer": mean(1)[customer],
    }


def _neighbours(matrix: csr_matrix, customer: Cells, item: Cells, otherwise: Vector) -> Vector:
    """Return the mean score of each customer's ten most similar sub-categories, weighted by similarity."""
    similarity = cosine_similarity(matrix.T)
    np.fill_diagonal(similarity, 0)
    found, scored = otherwise.copy(), _scored(matrix)
    for start in range(0, len(item), 2_000):
        part = slice(start, start + 2_000)
        owned = matrix[customer[part]].toarray()
        weights = np.where(scored[customer[part]].toarray() > 0, similarity[item[part]], 0)
        count = min(NEIGHBOURS, weights.shape[1])
        tenth = np.partition(weights, -count, axis=1)[:, -count][:, None]
        weights = np.where(weights >= tenth, weights, 0)
        total = weights.sum(axis=1)
        guess = (weights * owned).sum(axis=1) / np.where(total > 0, total, 1)
        found[part] = np.where(total > 0, guess, otherwise[part])
    return found


def _scored(matrix: csr_matrix) -> csr_matrix:
    """Return 1 where there is a score, which may be 0."""
    scored = matrix.copy()
    scored.data = np.ones_like(scored.data)
    return scored


def _columns(single: dict[str, Vector], names: list[str]) -> Vector:
    return np.column_stack([single[name] for name in names])
