import numpy as np
import pytest
from order_days import SEGMENTS, SHOP, shop_of, town

from palette.core.learned import pack, unpack
from palette.value.learning import (
    LEARNED,
    TRIED,
    Trials,
    judged_backs,
    learn,
    read_learned,
    read_trials,
    training_backs,
)
from palette.value.moments import OrderDays


@pytest.fixture(scope="module")
def known() -> OrderDays:
    return shop_of(town())


@pytest.fixture(scope="module")
def learned(known):
    return learn(known, SEGMENTS, folds=2, seed=0)


def test_what_is_learned_from_ends_before_what_is_judged(known):
    assert known.span == 400
    assert training_backs(known, 0, 28) == [28, 56, 84, 112, 140, 168]
    assert training_backs(known, 100, 90) == [190, 280]
    assert judged_backs(known, 28, 2) == [28, 56]
    assert judged_backs(known, 90, 3) == [90, 180]  # of 270 no window before it could be learned from
    assert judged_backs(known, 150, 3) == [150]  # nor of this: all the same better than not to be judged
    assert judged_backs(known, 365, 3) == []


def test_a_horizon_that_is_too_long_is_not_judged_and_a_line_says_so(known, capsys):
    today, trials = learn(known, SEGMENTS, folds=1, seed=0)
    assert [tried.days for tried in trials] == [28, 90]
    assert capsys.readouterr().out == (
        "value: shop: 401 days of orders are too few to judge forecasts of 365 days\n"
    )
    assert today[365].level == today[90].level
    assert today[365].trees == []


def test_without_folds_nothing_is_judged_but_all_is_learned(known, learned, capsys):
    today, trials = learn(known, SEGMENTS, folds=0, seed=0)
    assert trials == []
    assert today == learned[0]
    assert capsys.readouterr().out == ""


def same(one: Trials, other: Trials, fold: int) -> bool:
    """Whether what was foretold of a window is the same."""
    rows, others = one.fold == fold, other.fold == fold
    pairs = [(one.customer, other.customer), (one.segment, other.segment), (one.next_order, other.next_order)]
    for model, forecast in one.forecasts.items():
        pairs += zip(forecast, other.forecasts[model], strict=True)
    return all(np.array_equal(first[rows], second[others]) for first, second in pairs)


def test_what_happens_in_a_window_does_not_change_what_is_foretold_of_it(learned):
    changed = [
        (customer, day, spend if day <= 400 - 28 else 3 * spend + 1)
        for customer, day, spend in town()
        if day <= 400 - 28 or customer % 2 or day == 400
    ]
    _, trials = learn(shop_of(changed), SEGMENTS, folds=2, seed=0)
    before, after = learned[1][0], trials[0]
    assert same(before, after, 1)
    assert same(before, after, 2)
    late = before.fold == 1
    assert before.spend[late].sum() != after.spend[after.fold == 1].sum()


def test_an_earlier_window_does_not_see_the_later_ones(learned):
    changed = [
        (customer, day, spend if day <= 400 - 56 else 3 * spend + 1) for customer, day, spend in town()
    ]
    _, trials = learn(shop_of(changed), SEGMENTS, folds=2, seed=0)
    assert same(learned[1][0], trials[0], 2)
    assert not same(learned[1][0], trials[0], 1)


def test_what_was_learned_can_be_kept(learned):
    today, trials = learned
    kept = unpack(
        pack(
            {
                LEARNED: {str(days): own.kept() for days, own in today.items()},
                TRIED: [tried.kept() for tried in trials],
            }
        )
    )
    stored = {("shop", name): content for name, content in kept.items()}
    assert read_learned(stored) == {"shop": today}
    (again,) = read_trials(stored).values()
    for one, other in zip(trials, again, strict=True):
        assert one.days == other.days
        assert all(same(one, other, fold) for fold in (1, 2))
        assert np.array_equal(one.usual_left, other.usual_left, equal_nan=True)


def test_a_handful_of_customers_teaches_nothing_and_breaks_nothing():
    today, trials = learn(shop_of(SHOP), SEGMENTS, folds=3, seed=0)
    assert [own.segments for own in today.values()] == [{}] * 3
    assert trials == []
    rows = [(0, 0, 5.0), (1, 70, 5.0)]
    _, trials = learn(shop_of(rows), SEGMENTS, folds=3, seed=0)
    assert [(tried.days, tried.customer.tolist()) for tried in trials] == [(28, [0])]
