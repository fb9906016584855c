import numpy as np
import pandas as pd
import pytest
from order_days import SEGMENTS, shop_of, town

from palette.core.tables import typed
from palette.value.forecasts import Forecast
from palette.value.learning import Trials, learn
from palette.value.metrics import SCHEMA, gini, value_metrics


def tried(**forecasts: list[float]) -> Trials:
    """Four customers, in one window: the first two order, for 10 and 30. Forecasts are of spend."""
    spend = np.array([10.0, 30.0, 0.0, 0.0])
    return Trials(
        28,
        np.arange(4),
        np.ones(4, dtype=np.int64),
        np.array(["VIP", "VIP", "Promising", "Promising"], dtype=object),
        np.array([1.0, 2.0, 0.0, 0.0]),
        spend,
        np.array([3.0, 9.0, np.inf, np.inf]),
        {
            name: Forecast(np.array(each) / 10, np.array(each), np.array(each) / 40)
            for name, each in forecasts.items()
        },
        np.tile([2.0, 5.0, 20.0], (4, 1)),
        np.array([1.0, -1.0, -1.0, np.nan]),
    )


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    found = value_metrics({"shop": [tried(spent_before=[20, 20, 20, 0], bg_nbd=[10, 20, 0, 0])]}, seed=0)
    typed(found, SCHEMA)
    return found


def value(frame: pd.DataFrame, column: str = "value", **where: object) -> float:
    where = {"segment": "all", "fold": 0, "decile": 0, "measure": "revenue", "model": "bg_nbd"} | where
    found = frame.loc[(frame[list(where)] == pd.Series(where)).all(axis=1), column]
    assert len(found) == 1
    return found.iloc[0]


def test_errors_are_those_worked_out_by_hand(frame):
    assert value(frame, metric="mae", model="spent_before") == (10 + 10 + 20 + 0) / 4
    assert value(frame, metric="mae") == 10 / 4
    assert value(frame, metric="mae", segment="VIP") == 5
    assert value(frame, "lead", metric="mae") == 7.5
    assert pd.isna(value(frame, "lead", metric="mae", model="spent_before"))
    assert value(frame, metric="bias", model="spent_before") == 0.5
    assert value(frame, metric="bias") == -0.25
    assert value(frame, metric="brier", measure="purchase") == pytest.approx((0.75**2 + 0.5**2) / 4)
    assert value(frame, "rival", metric="mae", model="spent_before") == "bg_nbd"
    assert value(frame, "rival_lead", metric="mae", model="spent_before") == 7.5
    assert value(frame, "customers", metric="mae", segment="VIP") == 2


def test_the_next_order_and_the_silence_are_judged(frame):
    told = {"measure": "next_order"}
    assert value(frame, metric="coverage", **told) == 1
    assert value(frame, metric="share_by_date", **told) == 0.5
    assert value(frame, metric="mae", **told) == (2 + 4) / 2
    silent = {"measure": "silence", "model": "rhythm"}
    assert value(frame, metric="bought_if_unusual", **silent) == 0.5
    assert value(frame, metric="bought_if_usual", **silent) == 1


def test_a_gini_is_of_the_order_alone_and_ties_have_none():
    actual = np.array([0.0, 0.0, 10.0, 30.0])
    ones = np.ones((4, 1))
    # Cumulated truth at the middle of each quarter: 0, 0, 5 and 25 of 40.
    best = gini(actual, actual, ones)[0]
    assert best == pytest.approx(1 - 2 * (0 + 0 + 5 + 25) / 40 / 4)
    assert gini(np.array([1.0, 2.0, 3.0, 4.0]), actual, ones)[0] == best
    assert gini(np.array([4.0, 3.0, 2.0, 1.0]), actual, ones)[0] == -best
    assert gini(np.ones(4), actual, ones)[0] == 0
    twice = gini(np.repeat([1.0, 2.0, 3.0], [2, 1, 1]), actual, np.array([[0], [2], [1], [1]]))
    assert twice[0] == pytest.approx(best)
    assert np.isnan(gini(actual, np.zeros(4), ones)[0])


@pytest.fixture(scope="module")
def judged() -> tuple[list[Trials], pd.DataFrame]:
    _, trials = learn(shop_of(town()), SEGMENTS, folds=3, seed=0)
    return trials, value_metrics({"shop": trials}, seed=0)


def test_every_tenth_is_calibrated_and_adds_up(judged):
    trials, frame = judged
    tenths = frame[(frame["decile"] > 0) & (frame["horizon_days"] == 28) & (frame["measure"] == "revenue")]
    for model, forecast in trials[0].forecasts.items():
        own = tenths[tenths["model"] == model]
        told = own[own["metric"] == "forecast_mean"].sort_values("decile")["value"]
        assert len(told) == 10
        assert told.is_monotonic_increasing
        assert told.mean() == pytest.approx(forecast.spend.mean(), rel=0.02)
        truth = own[own["metric"] == "actual_mean"]
        assert truth["value"].mean() == pytest.approx(trials[0].spend.mean(), rel=0.02)
        assert (truth["ci_low"] <= truth["value"]).all()


def test_intervals_hold_nine_of_ten(judged):
    _, frame = judged
    covered = frame[
        (frame["metric"] == "coverage") & (frame["model"] == "bg_nbd") & (frame["measure"] == "revenue")
    ]
    assert set(covered["horizon_days"]) == {28, 90}
    assert covered["value"].between(0.85, 1).all()


def test_customers_as_bg_nbd_means_them_are_foretold_better_than_by_what_they_spent_before(judged):
    _, frame = judged
    for measure, metric in (("revenue", "mae"), ("orders", "mae"), ("purchase", "brier")):
        rows = frame[
            (frame["model"] == "bg_nbd") & (frame["measure"] == measure) & (frame["metric"] == metric)
            & (frame["segment"] == "all") & (frame["fold"] == 0)
        ]  # fmt: skip
        assert (rows["lead"] > 0).all()
        assert len(rows) == 2


def test_the_same_seed_gives_the_same_figures(judged):
    trials, frame = judged
    again = value_metrics({"shop": trials, "alone": trials[:0]}, seed=0)
    pd.testing.assert_frame_equal(again, frame)


def test_nothing_judged_is_no_row():
    assert value_metrics({}, seed=0).empty
    assert value_metrics({"shop": []}, seed=0).empty
