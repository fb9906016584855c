from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from small_shops import Shop

from palette.core import threads
from palette.core.catalogue import model_names
from palette.core.learned import pack, unpack
from palette.engine import Work
from palette.engine.spreading import Common, unpacked
from palette.recommendations import hybrid, learning, models
from palette.recommendations.codes import Codes
from palette.recommendations.hybrid import Moment, fit_moment
from palette.recommendations.learning import Fold, Judged, learn, training_moments
from palette.recommendations.purchases import Purchases
from palette.recommendations.rules import Rule

MODELS = model_names()
SEGMENTS = pd.read_csv(Path(__file__).parents[3] / "seeds" / "segments" / "rfm_segments.csv")
RULES = [Rule("shop", "next", "never_category", "nut"), Rule("shop", "next", "at_most_per_category", 2.0)]

Make = Callable[..., Shop]


@pytest.fixture(scope="module")
def known(town: Callable, purchases: Make) -> Shop:
    """Return ten weeks and a day of two tastes."""
    return purchases([*town(50, 70, items=8), ("nut-000", "nut-00", 71)], unsold=["zip"])


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid, "ROUNDS", 8)


def learned_of(known: Purchases, *, folds: int = 2, **given: object) -> tuple[dict[str, object], list[Fold]]:
    settings = {"days": 14, "length": 5, "seed": 0, "models": MODELS} | given
    return learn(known, RULES, SEGMENTS, folds=folds, **settings)


@pytest.fixture(scope="module")
def learned(known: Shop) -> tuple[dict[str, object], list[Fold]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hybrid, "ROUNDS", 8)
        return learned_of(known)


def in_parts(work: Work, batches: Iterable[Codes]) -> Iterator[Any]:
    """Do a work as processes elsewhere do."""
    common = Common(work.part(np.zeros(0, dtype=np.int64)))
    for batch in batches:
        yield unpacked(common.packed(work.part(batch)), common.content())(np.arange(len(batch)))


def test_parts_elsewhere_learn_and_judge_the_same(known: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hybrid, "CELLS", 1)  # 16 customers a batch
    (here, folds), (there, others) = learned_of(known), learned_of(known, spread=in_parts)
    assert pack(there) == pack(here)
    assert len(folds[0].lists["next", "hybrid", "none"].customer) > 16
    assert pack([fold.learned() for fold in others]) == pack([fold.learned() for fold in folds])


# ---- moments


@pytest.mark.parametrize("days_back", [0, 10, 20])
def test_a_ranker_learns_from_windows_that_end_by_its_moment(days_back: int, purchases: Make):
    known = purchases([("ann", "a", 1.5), ("ben", "a", 91.5)])
    assert known.span == 90
    backs = training_moments(known, days_back, 10)
    windows = hybrid.SPARED_WINDOWS if days_back else hybrid.WINDOWS
    assert backs == [days_back + 10 * place for place in range(1, windows + 1)]
    assert all(back - 10 >= days_back for back in backs)


def test_a_ranker_learns_from_moments_with_a_window_of_purchases_before_them(purchases: Make):
    known = purchases([("ann", "a", 1.5), ("ben", "a", 61.5)])
    assert training_moments(known, 40, 10) == [50]
    assert training_moments(known, 50, 10) == []
    assert training_moments(known, 0, 31) == []
    assert training_moments(known, 0, 30) == [30]


def test_what_a_fold_learns_from_ends_before_its_window(purchases: Make):
    known = purchases([("ann", "a", 0.5), ("ann", "a", 70.5)])
    for back in (7, 14, 21, 56):
        moments = training_moments(known, back, 7)
        assert moments
        assert min(moments) - 7 >= back  # a window that is learned from ends where the judged one begins
        assert max(moments) <= 70 - 7  # and a week of purchases comes before it
    assert training_moments(known, 63, 7) == []


@pytest.mark.parametrize(
    ("folds", "expected"),
    [
        # 71 days hold windows of 14 days that begin 14, 28, 42 and 56 days back with as much before them
        pytest.param(0, [(56, False), (42, False), (28, False), (14, False), (0, True)], id="none judged"),
        pytest.param(
            1, [(56, False), (42, False), (28, False), (14, True), (0, True)], id="the latest judged"
        ),
        # of that of 56 days back there is no earlier one to learn from
        pytest.param(9, [(56, False), (42, True), (28, True), (14, True), (0, True)], id="all judged"),
    ],
)
def test_each_moment_is_fitted_once_the_earliest_first(
    known: Shop, folds: int, expected: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch
):
    fitted = []

    def counted(purchases: Purchases, back: int, *, judged: bool = False, **given: object) -> Moment:
        fitted.append((back, judged))
        return fit_moment(purchases, back, judged=judged, **given)

    monkeypatch.setattr(learning, "fit_moment", counted)
    _, made = learned_of(known, folds=folds, models=("popularity",))
    assert fitted == expected
    assert [fold.number for fold in made] == list(range(1, sum(judged for _, judged in expected)))


def test_only_the_rankers_of_past_moments_are_spared(known: Shop, monkeypatch: pytest.MonkeyPatch):
    limits = []

    def noted(windows: list, *, seed: int, most: int | None) -> hybrid.Ranker | None:
        limits.append(most)
        return hybrid.fit_ranker(windows, seed=seed, most=most)

    monkeypatch.setattr(learning, "fit_ranker", noted)
    learned_of(known, models=("popularity",))
    assert limits == [hybrid.SPARED, hybrid.SPARED, None]


def test_todays_models_do_not_depend_on_what_is_judged(known: Shop, learned: tuple[dict, list[Fold]]):
    assert pack(learned_of(known, folds=0)[0]) == pack(learned[0])


def test_of_many_customers_the_same_are_learned_from_whatever_is_judged(
    known: Shop, learned: tuple[dict, list[Fold]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(learning, "CUSTOMERS", 8)
    fewer = pack(learned_of(known, folds=0)[0])
    assert fewer == pack(learned_of(known)[0])
    assert fewer != pack(learned[0])


def test_few_items_are_all_known_to_ease_and_many_are_told(
    known: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    learned_of(known, folds=0, models=("ease",))
    assert "ease" not in capsys.readouterr().out
    for module in (models, learning):
        monkeypatch.setattr(module, "EASE_ITEMS", 10)
    learned_of(known, folds=0, models=("popularity",))
    assert "ease" not in capsys.readouterr().out
    learned_of(known, folds=0, models=("ease",))
    assert capsys.readouterr().out.splitlines()[-1] == (  # 8 of each taste and zip
        "recommendations: shop: ease learns of the 10 items that most customers bought; "
        "the other 7 are left out of it"
    )


# ---- the same results


def same(one: Fold, other: Fold) -> None:
    """Check that two folds hold the same, to the last bit and type."""
    assert (one.number, one.catalogue) == (other.number, other.catalogue)
    for name in ("segments", "categories", "popularity"):
        assert_array_equal(getattr(one, name), getattr(other, name), strict=True)
    assert list(one.lists) == list(other.lists)
    for key, made in one.lists.items():
        for field in fields(Judged):
            again = getattr(other.lists[key], field.name)
            assert_array_equal(getattr(made, field.name), again, f"{key} {field.name}", strict=True)


def test_folds_can_be_kept(learned: tuple[dict, list[Fold]]):
    _, made = learned
    assert [fold.number for fold in made] == [1, 2]
    assert {model for fold in made for _, model, _ in fold.lists} == {*MODELS, "hybrid"}
    for fold in made:
        again = Fold.of(unpack(pack(fold.learned())))
        same(again, fold)
        assert pack(again.learned()) == pack(fold.learned())


def test_a_fold_worked_by_hand_can_be_kept():
    made = Judged(
        np.array([0, 2]),
        np.array([[1, -1], [0, 1]]),
        np.array([[True, False], [False, True]]),
        np.array([[False, False], [True, False]]),
        np.array([1, 3]),
        np.array([0, 2]),
    )
    segments = np.array(["VIP", "none", "VIP"], dtype=object)
    fold = Fold(4, segments, np.array([1, 0]), np.array([0.1, 2 / 3]), 2, {("next", "als", "none"): made})
    again = Fold.of(unpack(pack(fold.learned())))
    same(again, fold)
    assert again.segments.tolist() == ["VIP", "none", "VIP"]
    nothing = Fold(1, segments, np.array([0]), np.array([0.5]), 1)
    same(Fold.of(unpack(pack(nothing.learned()))), nothing)


def test_results_do_not_depend_on_the_threads(known: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hybrid, "ROUNDS", 2)
    found = []
    for count in (1, 3):
        monkeypatch.setattr(threads, "THREADS", count)
        found.append(learned_of(known, folds=1))
    (ours, (one,)), (theirs, (other,)) = found
    assert pack(ours) == pack(theirs)
    same(one, other)


def test_results_do_not_depend_on_the_batches(
    known: Shop, learned: tuple[dict, list[Fold]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hybrid, "CELLS", 1)  # 16 customers at a time
    ours, folds = learned_of(known)
    assert pack(ours) == pack(learned[0])
    for one, other in zip(folds, learned[1], strict=True):
        same(one, other)


def test_the_seed_decides(known: Shop, learned: tuple[dict, list[Fold]]):
    assert pack(learned_of(known, folds=0, seed=1)[0]) != pack(learned[0])
