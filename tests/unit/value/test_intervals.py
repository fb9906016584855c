import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palette.value.forecasts import Forecast, Rates
from palette.value.intervals import Errors, Measured, Shares, assumed


def test_nine_of_ten_new_ones_lie_within():
    rng = np.random.default_rng(0)
    forecast = rng.gamma(0.5, 100, 20_000)
    actual = forecast * rng.gamma(2, 0.5, 20_000) * (rng.random(20_000) < 0.6)
    errors = Errors.of(forecast[:10_000], actual[:10_000])
    low, high = errors.interval(forecast[10_000:])
    within = (low <= actual[10_000:]) & (actual[10_000:] <= high)
    assert within.mean() == pytest.approx(0.95, abs=0.01)  # nothing is below 0, where the lower end is
    small, great = forecast[10_000:] < 10, forecast[10_000:] > 100
    assert within[small].mean() == pytest.approx(0.95, abs=0.03)
    assert within[great].mean() == pytest.approx(0.95, abs=0.03)


def test_an_interval_holds_its_forecast():
    errors = Errors.of(np.arange(40.0), np.arange(40.0) * 10)  # ten times too low
    low, high = errors.interval(np.array([0.0, 20.0]))
    assert (low <= [0, 20]).all()
    assert (high >= [0, 20]).all()


def test_a_share_is_shifted_to_what_it_was():
    probability = np.repeat([0.1, 0.5], 500)
    happened = np.concatenate([np.arange(500) < 100, np.arange(500) < 250]).astype(float)
    low, high = Shares.of(probability, happened).interval(np.array([0.1, 0.5]))
    assert low[0] == 0.1  # what is foretold stays within
    assert high[0] == pytest.approx(0.2316, abs=0.001)  # Wilson: 100 of 500, 90 %
    assert (low[1], high[1]) == pytest.approx((0.4633, 0.5367), abs=0.001)


def test_too_few_tell_nothing():
    few = np.arange(19.0)
    assert Errors.of(few, few) is None
    assert Measured.of(Forecast(few, few, few / 19), few, few) is None


@given(
    st.lists(st.tuples(st.floats(0.01, 50), st.floats(0.1, 500), st.floats(0, 1)), min_size=1, max_size=20),
    st.sampled_from([28, 90, 365]),
)
def test_assumed_intervals_hold_their_forecasts(rows, days):
    shape, scale, alive = np.array(rows).T
    rates = Rates(shape, scale, alive)
    orders = alive * shape / scale * days / 7
    forecast = Forecast(orders, orders * 12, rates.buying(days / 7))
    ends = assumed(forecast, rates, days, 100.0)
    for (low, high), figure in (
        (ends.orders, orders),
        (ends.spend, orders * 12),
        (ends.buying, forecast.buying),
    ):
        assert (low >= 0).all()
        assert (low <= figure + 1e-9).all()
        assert (figure <= high + 1e-9).all()
    assert (ends.buying[1] <= 1).all()


def test_of_what_was_never_seen_little_is_expected():
    nothing = np.zeros(3)
    rates = Rates(np.ones(3), np.ones(3), np.ones(3))
    ends = assumed(Forecast(nothing, nothing, nothing), rates, 28, exposure=300.0)
    assert ends.orders[1].tolist() == pytest.approx([0.04] * 3)  # three in 300 weeks at most
    ends = assumed(Forecast(nothing, nothing, nothing), rates, 28, exposure=0.0)
    assert ends.orders[1].tolist() == pytest.approx([12.0] * 3)
    assert np.isfinite(ends.buying[1]).all()
