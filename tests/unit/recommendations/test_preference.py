from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.sparse import csr_matrix
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from palette.core.tables import empty, typed
from palette.recommendations.preference import FEWEST, HELD_OUT, SCHEMA, _neighbours, preference_errors

MODELS = ["mean", "item_cosine", "als", "hybrid"]
COLUMNS = ["retailer", "customer_id", "subcategory", "pf_score"]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Several threads that wait for each other on a busy computer take a hundred times as long."""
    with threadpool_limits(1):
        yield


def planted(customers: int = 120, seed: int = 0, retailer: str = "mall") -> pd.DataFrame:
    """Make scores of rank two and some noise.

    A customer likes tea or toys, of which the liked one is bought more often and scores five times as high;
    how high is a matter of the customer. Every sub-category scores alike in the mean.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        level = rng.uniform(5, 60)
        for item in range(20):
            liked = item % 2 == number % 2
            if rng.random() < (0.7 if liked else 0.3):
                score = level * (1 if liked else 0.2) * rng.uniform(0.8, 1.2)
                rows.append((retailer, f"c{number:03}", f"{('tea', 'toy')[item % 2]}-{item:02}", score))
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    return planted()


@pytest.fixture(scope="module")
def errors(scores: pd.DataFrame) -> pd.DataFrame:
    return preference_errors(scores, seed=0)


def split(scores: pd.DataFrame, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the scores that are known and those that are held out."""
    ordered = scores.sort_values(["customer_id", "subcategory"], ignore_index=True)
    known, held_out = train_test_split(range(len(ordered)), test_size=HELD_OUT, random_state=seed)
    return ordered.iloc[known], ordered.iloc[held_out]


def rmse_of_mean(scores: pd.DataFrame) -> float:
    """Foretell each held-out score by the sub-category's mean, with one score of the overall mean added."""
    known, held_out = split(scores)
    overall = sum(known["pf_score"]) / len(known)
    total: dict[str, float] = defaultdict(float)
    count: dict[str, int] = defaultdict(int)
    for subcategory, score in zip(known["subcategory"], known["pf_score"], strict=True):
        total[subcategory] += score
        count[subcategory] += 1
    squares = [
        ((total[subcategory] + overall) / (count[subcategory] + 1) - score) ** 2
        for subcategory, score in zip(held_out["subcategory"], held_out["pf_score"], strict=True)
    ]
    return float(np.sqrt(sum(squares) / len(squares)))


def test_errors_are_of_the_schema(errors: pd.DataFrame, scores: pd.DataFrame):
    assert typed(errors, SCHEMA).num_rows == len(MODELS)
    assert errors.columns.tolist() == SCHEMA.names
    assert errors["model"].tolist() == MODELS
    _, held_out = split(scores)
    assert set(errors["scores"]) == {len(held_out)}
    assert set(errors["customers"]) == {held_out["customer_id"].nunique()}
    assert ((errors["ci_low"] > 0) & (errors["ci_low"] < errors["rmse"])).all()
    assert (errors["rmse"] < errors["ci_high"]).all()


def test_the_error_of_the_mean_is_what_it_is_by_hand(errors: pd.DataFrame, scores: pd.DataFrame):
    assert errors["rmse"][0] == pytest.approx(rmse_of_mean(scores), abs=1e-8)


def test_neighbours_and_factors_find_what_a_mean_cannot(errors: pd.DataFrame):
    rmse = errors.set_index("model")["rmse"]
    assert rmse["item_cosine"] < 0.8 * rmse["mean"]
    assert rmse["als"] < rmse["mean"]


def test_the_hybrid_is_no_worse_than_the_best(errors: pd.DataFrame):
    rmse = errors.set_index("model")["rmse"]
    assert rmse["hybrid"] <= 1.02 * rmse[["mean", "item_cosine", "als"]].min()


def test_the_order_of_the_rows_does_not_matter(errors: pd.DataFrame, scores: pd.DataFrame):
    assert_frame_equal(preference_errors(scores.sample(frac=1, random_state=3), seed=0), errors)


def test_another_seed_holds_out_others(errors: pd.DataFrame, scores: pd.DataFrame):
    other = preference_errors(scores, seed=1)
    assert other["scores"].tolist() == errors["scores"].tolist()
    assert (other["rmse"] != errors["rmse"]).all()


def test_retailers_are_measured_apart(errors: pd.DataFrame, scores: pd.DataFrame):
    both = pd.concat([scores, planted(40, seed=1, retailer="kiosk")]).sample(frac=1, random_state=0)
    found = preference_errors(both, seed=0)
    assert found["retailer"].tolist() == ["kiosk"] * 4 + ["mall"] * 4
    assert_frame_equal(found[found["retailer"] == "mall"].reset_index(drop=True), errors)


def test_of_many_customers_some_are_judged(scores: pd.DataFrame, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("palette.recommendations.preference.JUDGED", 80)
    some = preference_errors(scores, seed=0)
    assert (some["scores"] < round(HELD_OUT * len(scores))).all()
    assert (some["customers"] <= 80).all()
    assert_frame_equal(preference_errors(scores.sample(frac=1, random_state=1), seed=0), some)


def test_too_few_scores_are_told_and_give_nothing(capsys: pytest.CaptureFixture[str]):
    few = planted(30).head(FEWEST)
    assert preference_errors(few, seed=0)["scores"].tolist() == [20] * 4
    assert capsys.readouterr().out == ""
    nothing = preference_errors(few.head(FEWEST - 1), seed=0)
    assert_frame_equal(nothing, empty(SCHEMA))
    assert capsys.readouterr().out == "preference_errors: mall: 99 scores are too few to hold some out\n"


def test_no_scores_give_nothing():
    nothing = preference_errors(pd.DataFrame(columns=COLUMNS), seed=0)
    assert typed(nothing, SCHEMA).num_rows == 0


def test_neighbours_weigh_a_customers_scores_by_similarity():
    # Customers x sub-categories; of the last customer c is asked.
    matrix = np.array([[4.0, 0, 4], [3, 3, 3], [0, 2, 0], [10, 20, 0]])
    cosine = [
        matrix[:, 2] @ matrix[:, item] / np.linalg.norm(matrix[:, 2]) / np.linalg.norm(matrix[:, item])
        for item in (0, 1)
    ]
    found = _neighbours(csr_matrix(matrix), np.array([3]), np.array([2]), np.array([99.0]))
    assert found.tolist() == [pytest.approx((10 * cosine[0] + 20 * cosine[1]) / sum(cosine))]


def test_only_the_ten_most_similar_count():
    # Sub-category 0 is bought with fewer and fewer of the others; the last customer knows them all.
    matrix = np.array([[1.0] + [float(item <= customer) for item in range(12)] for customer in range(12)])
    scores = np.array([[0.0] + [float(item) for item in range(1, 13)]])
    matrix = np.vstack([matrix, scores])
    similarity = [
        matrix[:, 0] @ matrix[:, item] / np.linalg.norm(matrix[:, 0]) / np.linalg.norm(matrix[:, item])
        for item in range(13)
    ]
    best = sorted(range(1, 13), key=lambda item: -similarity[item])[:10]
    assert len(set(best)) == 10
    expected = sum(similarity[item] * scores[0, item] for item in best) / sum(
        similarity[item] for item in best
    )
    found = _neighbours(csr_matrix(matrix), np.array([12]), np.array([0]), np.array([99.0]))
    assert found.tolist() == [pytest.approx(expected)]


def test_without_a_similar_sub_category_the_mean_is_told():
    matrix = np.array([[1.0, 1, 0], [0, 0, 5], [0, 0, 0]])
    found = _neighbours(csr_matrix(matrix), np.array([1, 2]), np.array([0, 0]), np.array([7.0, 8.0]))
    assert found.tolist() == [7, 8]


def test_a_score_of_nothing_counts_for_the_mean():
    scores = planted(40)
    scores.loc[scores.index[::3], "pf_score"] = 0.0
    assert preference_errors(scores, seed=0)["rmse"][0] == pytest.approx(rmse_of_mean(scores), abs=1e-8)
