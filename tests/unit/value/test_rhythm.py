import numpy as np
import pytest
from order_days import SHOP, shop_of, town

from palette.value.moments import Moment
from palette.value.rhythm import Rhythm


def test_a_rhythm_is_ones_own_gaps_and_the_usual_one():
    now = Moment(shop_of(SHOP))
    rhythm = Rhythm.of(now)
    assert rhythm.usual == 17  # the median of Ann's 10 days and Ben's 24
    assert rhythm.days(now).tolist() == pytest.approx([47 / 4, 41 / 2, 17, 17])
    assert np.isnan(rhythm.times).all()  # four gaps tell nothing of one in twenty
    assert np.isnan(rhythm.usual_until(now)).all()


def test_nobody_came_back_and_nothing_is_usual():
    now = Moment(shop_of([(0, 0, 1.0), (1, 3, 1.0)]))
    rhythm = Rhythm.of(now)
    assert np.isnan(rhythm.usual)
    assert np.isnan(rhythm.days(now)).all()
    assert np.isnan(rhythm.usual_until(now)).all()


def test_who_orders_every_week_is_missed_before_who_orders_every_month():
    weekly = [(code, day, 1.0) for code in range(20) for day in range(0, 200, 7)]
    monthly = [(code, day, 1.0) for code in range(20, 40) for day in range(0, 200, 28)]
    now = Moment(shop_of([*weekly, *monthly]))
    until = Rhythm.of(now).usual_until(now)
    assert until[:20].max() < 20 < until[20:].min()


def test_nineteen_of_twenty_silences_that_ended_were_usual():
    rows = town(600)
    now = Moment(shop_of(rows))
    rhythm = Rhythm.of(now)
    code, days, before, since = now.gaps
    limit = np.array(rhythm.times)[np.searchsorted((0, 1, 3), before, side="right") - 1]
    usual = days <= limit * (since + rhythm.usual) / (before + 1)
    assert usual.mean() == pytest.approx(0.95, abs=0.005)
    assert len(code) > 500
