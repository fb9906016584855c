import numpy as np
import pytest
from cdnow import sample
from order_days import SEGMENTS, SHOP, shop_of, town

from palette.value.forecasts import (
    BG_NBD,
    LAST_YEAR,
    MODELS,
    OWN,
    SEGMENT,
    SPENT_BEFORE,
    TREES,
    Forecast,
    Known,
    Learned,
    Past,
    forecasts_of,
)
from palette.value.moments import Moment

NOTHING = Learned({}, 1.0, [])


def test_what_they_spent_before_is_what_they_spent_before():
    found = Known(Moment(shop_of(SHOP))).simple(28)[SPENT_BEFORE]
    assert found.orders.tolist() == [2, 1, 0, 1]  # days 13 to 40
    assert found.spend.tolist() == [70, 9, 0, 5]
    assert found.buying.tolist() == pytest.approx([1 - np.exp(-2), 1 - np.exp(-1), 0, 1 - np.exp(-1)])


def test_a_short_history_is_scaled_up_and_what_was_given_back_is_no_spend():
    found = Known(Moment(shop_of(SHOP))).simple(82)[SPENT_BEFORE]
    assert found.orders.tolist() == [8, 4, 2, 2]  # 41 days, twice
    assert found.spend.tolist() == [200, 32, 0, 10]


def test_own_averages_count_the_shops_as_one_more():
    found = Known(Moment(shop_of(SHOP))).simple(28)[OWN]
    rate = 4 / ((40 + 35 + 28 + 0) / 7)  # repeat orders of a customer and week
    assert found.orders.tolist() == pytest.approx(
        [4 * 4 / (40 / 7 + 1 / rate), 2 * 4 / (5 + 1 / rate), 4 / (4 + 1 / rate), 4 / (1 / rate)]
    )
    assert found.spend[0] == pytest.approx(found.orders[0] * (100 + 118 / 8) / 5)


def test_last_year_is_known_after_a_year():
    rows = [(0, 0, 1.0), (0, 20, 2.0), (0, 40, 4.0), (0, 365, 8.0)]
    found = Known(Moment(shop_of(rows))).simple(28)
    assert found[LAST_YEAR].orders.tolist() == [1]  # the days after day 0: 1 to 28
    assert found[LAST_YEAR].spend.tolist() == [2]
    assert LAST_YEAR not in Known(Moment(shop_of(rows[:3]))).simple(28)


def test_too_few_customers_have_no_bg_nbd_and_the_reason_is_kept():
    known = Known(Moment(shop_of(SHOP)))
    assert known.fitted is None
    assert known.reason == "2 customers ordered again, and 20 are needed"
    assert set(forecasts_of(known, known.moment.segments(SEGMENTS), 28, NOTHING)) == {SPENT_BEFORE, OWN}


def learned_of(days: int = 28, seed: int = 0) -> tuple[Known, np.ndarray, Learned]:
    known = shop_of(town())
    past = []
    for back in (2 * days, 3 * days):
        then = Known(Moment(known, back))
        names = then.moment.segments(SEGMENTS)
        past.append(Past.of(then, names, then.moment.window(days), days, seed))
    now = Known(Moment(known, days))
    return now, now.moment.segments(SEGMENTS), Learned.of(past, seed=seed)


@pytest.mark.parametrize("model", [SPENT_BEFORE, OWN, SEGMENT, LAST_YEAR, BG_NBD, TREES])
def test_every_model_gives_numbers_that_can_be(model):
    now, names, learned = learned_of()
    found = forecasts_of(now, names, 28, learned)
    assert set(found) | {LAST_YEAR} == set(MODELS)
    for figure in found.get(model, Forecast(np.zeros(1), np.zeros(1), np.zeros(1))):
        assert np.isfinite(figure).all()
        assert (figure >= 0).all()
    for forecast in found.values():
        assert (forecast.buying <= 1).all()


def test_a_segment_is_expected_to_do_what_it_did():
    known = shop_of(town())
    then = Known(Moment(known, 56))
    names, truth = then.moment.segments(SEGMENTS), then.moment.window(28)
    learned = Learned.of([Past.of(then, names, truth, 28, 0)], seed=0)
    found = forecasts_of(then, names, 28, learned, [SEGMENT])[SEGMENT]
    vip = names == "VIP"
    assert vip.any()
    assert found.orders[vip] == pytest.approx(truth.orders[vip].mean())
    assert found.spend[vip] == pytest.approx(truth.spend[vip].mean())
    assert found.buying[vip] == pytest.approx((truth.orders[vip] > 0).mean())


def test_orders_are_worth_what_those_of_past_windows_were():
    now, names, learned = learned_of()
    plain = forecasts_of(now, names, 28, NOTHING, [BG_NBD])[BG_NBD]
    scaled = forecasts_of(now, names, 28, learned, [BG_NBD])[BG_NBD]
    assert 0.7 < learned.level < 1.4
    assert scaled.spend == pytest.approx(plain.spend * learned.level)
    assert np.array_equal(scaled.orders, plain.orders)


def test_trees_are_the_same_each_time_and_can_be_kept():
    now, names, learned = learned_of()
    again = Learned(**learned_of()[2].kept())
    assert again.trees == learned.trees
    one, other = (forecasts_of(now, names, 28, each, [TREES])[TREES] for each in (learned, again))
    assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_the_total_of_cdnow_is_foretold():
    """The 39 weeks that the studies hold out, and the last 26: orders, as BG/NBD has them.

    In the former customers ordered more than before, and no model that looks at them alone sees it come:
    BG/NBD is 12 % short, Pareto/NBD with its published parameters 11 %. In the latter it is right.
    """
    for back, days, error in ((273, 273, -0.12), (182, 182, 0.02)):
        then = Known(Moment(sample(), back))
        told, truth = then.simple(days), then.moment.window(days)
        assert told[BG_NBD].orders.sum() / truth.orders.sum() - 1 == pytest.approx(error, abs=0.01)
        for model in (SPENT_BEFORE, OWN):
            apart = [np.abs(told[name].spend - truth.spend).mean() for name in (BG_NBD, model)]
            assert apart[0] < apart[1]
