import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from palette.segments import forests
from palette.segments.forests import Forest


@pytest.mark.parametrize("sample", [5_000, 50], ids=["all", "a sample a tree"])
def test_a_forest_says_what_scikit_learns_says(monkeypatch: pytest.MonkeyPatch, sample: int):
    monkeypatch.setattr(forests, "TREE_SAMPLE", sample)
    grown = []

    class Kept(ExtraTreesClassifier):
        def fit(self, *given):
            grown.append(self)
            return super().fit(*given)

    monkeypatch.setattr(forests, "ExtraTreesClassifier", Kept)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 4))
    labels = pd.Series(np.where(points[:, 0] > 0, "right", np.where(points[:, 1] > 0, "up", "down")))
    forest = Forest.grow(points, labels, seed=0)
    (fitted,) = grown
    others = rng.normal(size=(200, 4))
    assert forest.classes == ("down", "right", "up")
    assert np.allclose(forest.probabilities(others), fitted.predict_proba(others), rtol=0, atol=1e-12)
    assert forest.importances == pytest.approx(fitted.feature_importances_)
    assert forest.likeliest(others)[0].tolist() == [forest.classes[code] for code in fitted.predict(others)]
    assert forest.probabilities(others[:0]).shape == (0, 3)


def test_splits_that_are_of_no_use_have_no_importance():
    # every split leaves as many of each class on either side
    forest = Forest.grow(
        np.array([[0.0], [0], [0], [0], [1], [1], [1], [1]]), pd.Series(list("abab" * 2)), seed=0
    )
    assert forest.importances.tolist() == [0.0]
    assert forest.probabilities(np.array([[0.0], [1.0]])) == pytest.approx(np.full((2, 2), 0.5))
