import numpy as np
import pytest
from cdnow import summary
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_of

from palette.value.bg_nbd import BgNbd, FitError

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)


def told(*rows: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeat orders, time of the last, and time known, of each customer."""
    x, t_x, age = np.array(rows, dtype=np.float64).T
    return x, t_x, age


def test_cdnow_gives_the_published_parameters():
    rows = summary("cdnow_customers_summary.csv")
    known = tuple(rows[name].to_numpy(np.float64) for name in ("frequency", "recency", "T"))
    found = BgNbd.fit(*known)
    assert found.r == pytest.approx(0.243, abs=0.0005)
    assert found.alpha == pytest.approx(4.414, abs=0.0005)
    assert found.a == pytest.approx(0.793, abs=0.0005)
    assert found.b == pytest.approx(2.426, abs=0.0005)
    assert found.log_likelihood(*known) == pytest.approx(-9582.4, abs=0.05)


def test_the_published_customer_is_expected_to_order_as_published():
    # Fader, Hardie and Lee's spreadsheet: the first customer of the sample, 39 weeks ahead.
    assert PUBLISHED.expected(*told((2, 30.43, 38.86)), 39.0)[0] == pytest.approx(1.226, abs=0.0005)


def test_who_never_came_back_cannot_have_left():
    assert PUBLISHED.alive(*told((0, 0, 38.86)))[0] == 1


def test_the_longer_the_silence_the_likelier_they_left():
    alive = PUBLISHED.alive(*told((5, 30, 30), (5, 30, 40), (5, 30, 60), (5, 30, 400)))
    assert (np.diff(alive) < 0).all()
    # a / (b + x - 1) to 1: the last order may have been the last of all.
    assert alive[0] == pytest.approx(1 / (1 + 0.793 / (2.426 + 4)))
    assert alive[3] < 0.01


@pytest.mark.parametrize(
    "model", [PUBLISHED, BgNbd(0.8, 10, 0.3, 0.4), BgNbd(2, 5, 1, 3), BgNbd(1, 5, 40, 90)]
)
@pytest.mark.parametrize("customer", [(0, 0, 10), (1, 5, 8), (30, 38, 39), (400, 51, 52)])
def test_expected_orders_are_what_the_model_means(model: BgNbd, customer: tuple[float, float, float]):
    """The published formula, against an integral over the probability of leaving."""
    x, _, age = customer
    scale, within = model.alpha + age, 13.0

    def of_leaving(p: float) -> float:
        ordered = -np.expm1(-(model.r + x) * np.log1p(p * within / scale)) / p
        return float(ordered * beta_of(model.a, model.b + x).pdf(p))

    expected, _ = quad(of_leaving, 0, 1, limit=500, points=[model.a / (model.a + model.b + x)])
    found = model.expected(*told(customer), within) / model.alive(*told(customer))
    assert found[0] == pytest.approx(expected, rel=1e-4)


customers = st.tuples(st.integers(0, 500), st.floats(0, 1), st.floats(0.1, 500)).map(
    lambda drawn: (drawn[0], drawn[1] * drawn[2] if drawn[0] else 0.0, drawn[2])
)
parameters = st.tuples(*[st.floats(-6.5, 6.5)] * 4).map(lambda logs: BgNbd(*np.exp(logs).tolist()))


@given(parameters, customers)
@example(BgNbd(*np.exp((5.0, 0.0, 3.0, 0.0)).tolist()), (152, 0.0, 1.0))
@example(BgNbd(*np.exp((5.0, 0.0, 3.0, 0.0)).tolist()), (152, 1.0, 1.0))
def test_forecasts_are_probabilities_and_grow_with_the_horizon(model: BgNbd, customer):
    known = told(customer)
    alive = model.alive(*known)[0]
    assert 0 <= alive <= 1
    expected = [model.expected(*known, within)[0] for within in (4.0, 13.0, 52.0)]
    buying = [model.buying(*known, within)[0] for within in (4.0, 13.0, 52.0)]
    assert np.isfinite(expected).all()
    assert 0 <= expected[0] <= expected[1] * (1 + 1e-4)  # where a and b are great it is nearly exact
    assert expected[1] <= expected[2] * (1 + 1e-4)
    assert 0 <= buying[0] <= buying[1] <= buying[2] <= alive
    assert buying[2] <= expected[2] * (1 + 1e-3) + 1e-9  # who orders does so at least once


def test_rows_may_be_in_any_order():
    rng = np.random.default_rng(0)
    x = rng.poisson(1.5, 300).astype(float)
    age = rng.integers(5, 40, 300) / 1.0
    t_x = np.where(x > 0, np.round(age * rng.random(300), 2), 0)
    turned = rng.permutation(300)
    assert BgNbd.fit(x, t_x, age) == BgNbd.fit(x[turned], t_x[turned], age[turned])


def test_what_was_planted_is_found():
    rng = np.random.default_rng(1)
    rates, leaving = rng.gamma(0.9, 1 / 6, 20_000), rng.beta(1.2, 3.5, 20_000)
    rows = []
    for rate, left, age in zip(rates, leaving, rng.uniform(20, 60, 20_000), strict=True):
        x, last, time = 0, 0.0, rng.exponential(1 / rate)
        while time < age:
            x, last = x + 1, time
            if rng.random() < left:
                break
            time += rng.exponential(1 / rate)
        rows.append((x, last, age))
    found = BgNbd.fit(*told(*rows))
    assert found.r == pytest.approx(0.9, rel=0.1)
    assert found.alpha == pytest.approx(6, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(1.2 / 4.7, rel=0.1)


def test_too_few_who_came_back_are_refused_in_words():
    with pytest.raises(FitError, match="3 customers ordered again, and 20 are needed"):
        BgNbd.fit(*told(*[(1, 2, 5)] * 3, *[(0, 0, 5)] * 100))
