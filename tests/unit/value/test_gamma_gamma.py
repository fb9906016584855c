import numpy as np
import pytest
from cdnow import summary
from hypothesis import given
from hypothesis import strategies as st

from palette.value.bg_nbd import FitError
from palette.value.gamma_gamma import GammaGamma

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)


def test_cdnow_gives_the_published_parameters():
    rows = summary("cdnow_customers_summary_with_transactions.csv")
    found = GammaGamma.fit(rows["x"].to_numpy(np.float64), rows["zbar"].to_numpy(np.float64))
    assert found.p == pytest.approx(6.25, abs=0.005)
    assert found.q == pytest.approx(3.74, abs=0.005)
    assert found.v == pytest.approx(15.44, abs=0.01)


def test_what_is_known_of_a_customer_is_weighed_against_what_everybody_spends():
    found = PUBLISHED.expected(np.array([0.0, 2.0]), np.array([0.0, 22.35]))
    assert found[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert found[1] == pytest.approx((6.25 * (15.44 + 2 * 22.35)) / (12.5 + 2.74))


def test_who_gave_more_back_than_they_bought_is_worth_what_everybody_is():
    found = PUBLISHED.expected(np.array([0.0, 3.0]), np.array([0.0, -50.0]))
    assert found[1] == found[0]


@given(st.integers(1, 1000), st.floats(0.01, 1e6))
def test_the_expected_mean_lies_between_ones_own_and_everybodys(orders: int, mean: float):
    found = PUBLISHED.expected(np.array([float(orders)]), np.array([mean]))[0]
    usual = 6.25 * 15.44 / 2.74
    pulled = 6.25 * orders / (6.25 * orders - 1) * mean  # the likeliest of the mean's own gamma distribution
    assert min(mean, usual) * (1 - 1e-9) <= found <= max(pulled, usual) * (1 + 1e-9)


def test_the_currency_changes_nothing():
    rng = np.random.default_rng(0)
    orders = rng.integers(1, 6, 500).astype(float)
    mean = rng.gamma(3, 10 / rng.gamma(3, 1, 500))
    pounds, won = GammaGamma.fit(orders, mean), GammaGamma.fit(orders, mean * 1700)
    assert won.expected(orders, mean * 1700) == pytest.approx(pounds.expected(orders, mean) * 1700, rel=1e-3)


def test_nothing_spent_is_refused_in_words():
    with pytest.raises(FitError, match="of 0 customers the spend is known, and 20 are needed"):
        GammaGamma.fit(np.full(50, 2.0), np.zeros(50))
